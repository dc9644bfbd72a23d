# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole engine over a server and a secret kept in memory: from every state, and from every moment at which a run
can die, later runs come to rest, and on the way AWSCURRENT opens every row.

The statements are interpreted as the real servers do it (measured; tests/integration has them do it).
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from memory_server import HOSTS, MARIADB, MYSQL, MemoryServer, MemorySession, hashed

from ansible_collections.dbops.rotation.plugins.module_utils._aws.secret_store import SecretStore
from ansible_collections.dbops.rotation.plugins.module_utils._aws.write_limit import VERSIONS, Ledger, Writes
from ansible_collections.dbops.rotation.plugins.module_utils._context import context as context_module
from ansible_collections.dbops.rotation.plugins.module_utils._context.request import RotationRequest
from ansible_collections.dbops.rotation.plugins.module_utils._cycle import tags
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import ED25519, NATIVE
from ansible_collections.dbops.rotation.plugins.module_utils._errors import (
    ConnectionLost,
    LoginRefused,
    RotationError,
    SecretNotFound,
    SwapLost,
)
from ansible_collections.dbops.rotation.plugins.module_utils._password import PasswordRules, generate
from ansible_collections.dbops.rotation.plugins.module_utils._rotation.rotate import rotate
from ansible_collections.dbops.rotation.plugins.module_utils._secret_value import Login
from ansible_collections.dbops.rotation.plugins.module_utils._stamp import stamp
from ansible_collections.dbops.rotation.plugins.module_utils._steps import replicas as replicas_module

NOW = datetime.now(UTC)
# The ids of AWSCURRENT, AWSPENDING, AWSPREVIOUS and a version without a label.
C, P, V, U = (name * 32 for name in "CPVU")
AGES = {C: timedelta(hours=2), P: timedelta(hours=1), V: timedelta(days=40), U: timedelta(hours=3)}
WORDS = {name: generate(PasswordRules()) for name in (C, P, V, U, "foreign")}
REFUSALS = ("foreign_primary", "foreign_secondary", "label_moved_back", "other_password_newer")
ON_ROW = (C, P, V, U, "foreign")


class PowerCut(KeyboardInterrupt):
    """The machine is gone, at once."""


@dataclass
class Version:
    document: dict[str, Any]
    created: datetime


@dataclass
class World(MemoryServer):
    """One secret and one server with the rows of one account; the client is let in by the first row."""

    stages: dict[str, str]
    versions: dict[str, Version]
    tags: dict[str, str]
    promised: frozenset[str] = frozenset()
    before_effect: Callable[[str], None] = lambda _effect: None
    after_effect: Callable[[str], None] = lambda _effect: None
    effects: list[str] = field(default_factory=list)
    replicas: dict[str, str] = field(default_factory=dict)
    read_elsewhere: str = ""  # the password that a replica region gives out
    kept_by_proxy: str = ""  # the only password that a proxy before the server lets in
    refused: list[str] = field(default_factory=list)

    def connect(self, login: Login, *options: object) -> MemorySession:
        """Log in, through the proxy where there is one; what is refused is kept."""
        try:
            if self.kept_by_proxy not in ("", login.password):
                raise LoginRefused("no", code="login_refused")
            return super().connect(login, *options)
        except LoginRefused:
            self.refused.append(login.password)
            raise

    def perform(self, name: str, effect: Callable[[], Any]) -> Any:
        """Let one thing happen outside of the process, unless it dies before or after."""
        self.before_effect(name)
        self.effects.append(name)
        answer = effect()
        self.keep_promises()
        self.after_effect(name)
        return answer

    def current(self) -> str:
        return str(self.versions[self.stages["AWSCURRENT"]].document["password"])

    def keep_promises(self) -> None:
        """P1 and P2, on the rows that began with them kept."""
        labelled = {str(self.versions[version].document["password"]) for version in self.stages.values()}
        for host in self.promised:
            opened_by = {self.current()} if self.plugin == NATIVE else labelled
            assert any(hashed(self.plugin, password) in self.rows[host] for password in opened_by), self.effects
            if self.read_elsewhere and self.plugin == NATIVE:
                assert hashed(self.plugin, self.read_elsewhere) in self.rows[host], self.effects

    def at_rest(self) -> bool:
        """P3: AWSCURRENT alone opens every row."""
        return self.opened_alone_by(self.current())


class MemoryStore(SecretStore):
    """Secrets Manager in a dictionary; reading, checking and counting are the real class's."""

    def __init__(self, world: World, writes: Writes | None) -> None:
        super().__init__(None, "clients/acme/mysql/root", writes)
        self.world = world

    def _call(self, operation: str, doing: str, *, named: str = "SecretId", **arguments: Any) -> Any:
        self.calls[operation] += 1
        return getattr(self, f"_{operation}")(**arguments)

    def _get_secret_value(self, VersionStage: str = "", VersionId: str = "") -> dict[str, Any]:
        version_id = VersionId or self.world.stages.get(VersionStage, "")
        if version_id not in self.world.versions:
            raise SecretNotFound("missing", code="secret_not_found")
        if VersionStage and self.world.stages.get(VersionStage) != version_id:
            raise SwapLost("disagree", code="aws_state")
        version = self.world.versions[version_id]
        return {
            "VersionId": version_id,
            "CreatedDate": version.created,
            "SecretString": json.dumps(version.document),
        }

    def _describe_secret(self) -> dict[str, Any]:
        stages: dict[str, list[str]] = {}
        for stage, version in self.world.stages.items():
            stages.setdefault(version, []).append(stage)
        listed = [{"Key": key, "Value": value} for key, value in self.world.tags.items()]
        told = [{"Region": region, "Status": status} for region, status in self.world.replicas.items()]
        answer = {"ARN": "arn:x", "Name": self.secret_id, "VersionIdsToStages": stages, "Tags": listed}
        return answer | ({"ReplicationStatus": told} if told else {})

    def _list_secret_version_ids(self, IncludeDeprecated: bool) -> dict[str, Any]:
        labelled = self.world.stages.values()
        return {
            "Versions": [
                {"VersionId": key, "CreatedDate": version.created, "VersionStages": ["x"] if key in labelled else []}
                for key, version in self.world.versions.items()
            ]
        }

    def _put_secret_value(self, ClientRequestToken: str, SecretString: str, VersionStages: list[str]) -> None:
        def effect() -> None:
            self.world.versions[ClientRequestToken] = Version(json.loads(SecretString), datetime.now(UTC))
            self.world.stages["AWSPENDING"] = ClientRequestToken

        self.world.perform("put", effect)

    def _update_secret_version_stage(
        self, VersionStage: str, RemoveFromVersionId: str, MoveToVersionId: str = ""
    ) -> None:
        def effect() -> None:
            if self.world.stages[VersionStage] != RemoveFromVersionId:
                raise SwapLost("moved", code="aws_state")
            del self.world.stages[VersionStage]
            if MoveToVersionId:
                self.world.stages |= {VersionStage: MoveToVersionId, "AWSPREVIOUS": RemoveFromVersionId}

        self.world.perform("promote" if MoveToVersionId else "drop", effect)

    def _tag_resource(self, Tags: list[dict[str, str]]) -> None:
        self.world.perform("tag", lambda: self.world.tags.update({tag["Key"]: tag["Value"] for tag in Tags}))


def document(flavor: str, password: str) -> dict[str, Any]:
    return {"engine": flavor, "host": "memory", "port": 3306, "username": "root", "password": password}


def make_world(
    flavor: str = MYSQL,
    plugin: str = NATIVE,
    rows: tuple[tuple[str, ...], ...] = ((C,), (C,)),
    pending: str | None = None,
    recorded: str = C,
    other_keys: bool = False,
) -> World:
    versions = {name: Version(document(flavor, WORDS[name]), NOW - age) for name, age in AGES.items()}
    if other_keys:
        versions[P].document["dbname"] = "changed meanwhile"
    stages = {"AWSCURRENT": C, "AWSPREVIOUS": V} | ({"AWSPENDING": pending} if pending else {})
    due = stamp(NOW + timedelta(days=9))
    return World(
        flavor=flavor,
        plugin=plugin,
        rows={host: [hashed(plugin, WORDS[name]) for name in names] for host, names in zip(HOSTS, rows, strict=False)},
        stages=stages,
        versions=versions,
        tags={tags.VERSION: recorded, tags.DUE: due, tags.SERVER_ID: "here"},
    )


def rotate_in(
    world: World,
    trigger: str = "recovery",
    adopt: tuple[str, ...] = (),
    overlap: int = 0,
    writes: Writes | None = None,
    force: bool = False,
) -> dict[str, Any]:
    request = RotationRequest(
        client="acme",
        secret_id="clients/acme/mysql/root",
        trigger=trigger,
        adopt_rows=frozenset(adopt),
        overlap=overlap,
        force=force,
        replica_wait=0.0,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context_module, "connect", world.connect)
        patch.setattr(context_module, "CONSISTENCY_SECONDS", 0.0)  # this store never contradicts itself
        return rotate(request, MemoryStore(world, writes))


def come_to_rest(world: World, most: int = 4) -> list[str]:
    """Run recovery until it finds nothing to do; give what was done."""
    done: list[str] = []
    while len(done) < most:
        done.append(rotate_in(world)["action"])
        if done[-1] == "nothing":
            return done
    raise AssertionError(f"still at work after {done}")


def fillings() -> Iterator[tuple[str, ...]]:
    for first in ON_ROW:
        yield (first,)
        yield from ((first, second) for second in ON_ROW if second != first)


def is_covered(names: tuple[str, ...]) -> bool:
    """Tell whether a row is ours alone: nothing is done where it is so in part."""
    return "foreign" not in names


@pytest.mark.parametrize(
    ("pending", "other_keys", "recorded"),
    [(None, False, C), (P, False, C), (P, True, V)],
)
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_every_state_comes_to_rest_or_is_refused(
    flavor: str, pending: str | None, other_keys: bool, recorded: str
) -> None:
    outcomes: Counter[str] = Counter()
    for rows in itertools.product(fillings(), [(), *fillings()]):
        filled = tuple(names for names in rows if names)
        world = make_world(flavor, NATIVE, filled, pending, recorded, other_keys)
        named = zip(world.rows, filled, strict=True)
        world.promised = frozenset(host for host, names in named if C in names and is_covered(names))
        before = {host: list(stored) for host, stored in world.rows.items()}
        try:
            come_to_rest(world)
        except RotationError as error:
            assert error.code and error.next_step and error.state, rows
            assert world.rows == before, (rows, error)
            outcomes[error.code] += 1
            continue
        outcomes["settled"] += 1
        for host, names in zip(world.rows, filled, strict=True):
            if is_covered(names):
                assert world.rows[host] == [hashed(NATIVE, world.current())], rows
            else:
                assert world.rows[host] == before[host] == [hashed(NATIVE, WORDS["foreign"])], rows
    assert outcomes["settled"] > 10
    assert set(outcomes) <= {"settled", "login_refused", "drift", *REFUSALS}, outcomes


STARTS = {
    "clean": {},
    "one row": {"rows": ((C,),)},
    "stored": {"pending": P},
    "applied to one row": {"pending": P, "rows": ((P, C), (C,))},
    "applied to the other row": {"pending": P, "rows": ((C,), (P, C))},
    "applied, other keys changed": {"pending": P, "rows": ((P, C), (P, C)), "other_keys": True},
    "applied, label taken away": {"rows": ((U, C), (U, C))},
    "not discarded": {"recorded": V, "rows": ((C, V), (C, V))},
}
KINDS = [
    *((flavor, NATIVE, start) for flavor in (MYSQL, MARIADB) for start in STARTS),
    *((MARIADB, ED25519, start) for start in ("clean", "one row", "stored")),
]
MOST_EFFECTS = 11
over_every_kind = pytest.mark.parametrize(("flavor", "plugin", "start"), KINDS)


def start_world(flavor: str, plugin: str, start: str) -> World:
    if plugin == ED25519:
        pytest.importorskip("nacl.bindings")
    world = make_world(flavor, plugin, **STARTS[start])  # type: ignore[arg-type]
    world.promised = frozenset(world.rows)
    return world


def at_effect(number: int, action: Callable[[str], None]) -> Callable[[str], None]:
    """Do something at the n-th effect, counted from 0, and only then."""
    counter = itertools.count()

    def hook(effect: str) -> None:
        if next(counter) == number:
            action(effect)

    return hook


def cut(_effect: str) -> None:
    raise PowerCut


def lose_answer(effect: str) -> None:
    if effect == "alter":
        raise ConnectionLost("broken", code="connection_lost")
    raise RotationError("no answer", code="aws_unreachable")


def stopped_worlds(
    flavor: str,
    plugin: str,
    start: str,
    trouble: Callable[[str], None],
    begin: Callable[[str, str, str], World] = start_world,
    **asked: Any,
) -> Iterator[World]:
    """Give the world after a run that met trouble before or after its n-th effect, for every n."""
    for number, moment in itertools.product(range(MOST_EFFECTS), ("before_effect", "after_effect")):
        world = begin(flavor, plugin, start)
        setattr(world, moment, at_effect(number, trouble))
        with contextlib.suppress(PowerCut, RotationError):
            rotate_in(world, **{"trigger": "on_demand", **asked})
        if len(world.effects) < number:
            return
        setattr(world, moment, lambda _effect: None)
        yield world


@over_every_kind
def test_an_undisturbed_run_leaves_nothing_to_do(flavor: str, plugin: str, start: str) -> None:
    world = start_world(flavor, plugin, start)
    before = world.current()
    assert rotate_in(world, "on_demand")["changed"]
    assert world.at_rest() and world.current() != before
    assert len(world.effects) < MOST_EFFECTS
    assert come_to_rest(world) == ["nothing"]


@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
def test_whatever_is_cut_off_is_finished_by_the_next_run(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None]
) -> None:
    for world in stopped_worlds(flavor, plugin, start, trouble):
        effects = list(world.effects)
        assert len(come_to_rest(world)) <= 2, effects
        assert world.at_rest(), effects


@over_every_kind
def test_a_recovery_that_is_cut_off_is_finished_too(flavor: str, plugin: str, start: str) -> None:
    for world in stopped_worlds(flavor, plugin, start, cut):
        world.after_effect = at_effect(1, cut)
        with contextlib.suppress(PowerCut):
            rotate_in(world)
        world.after_effect = lambda _effect: None
        come_to_rest(world)
        assert world.at_rest(), world.effects


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", STARTS)
def test_a_secret_edited_after_a_crash_keeps_the_edit(flavor: str, start: str) -> None:
    for world in stopped_worlds(flavor, NATIVE, start, cut):
        held = world.stages["AWSCURRENT"]
        world.versions["H"] = Version(world.versions[held].document | {"dbname": "by hand"}, datetime.now(UTC))
        world.stages |= {"AWSCURRENT": "H", "AWSPREVIOUS": held}
        come_to_rest(world)
        assert world.at_rest(), world.effects
        assert world.versions[world.stages["AWSCURRENT"]].document["dbname"] == "by hand"


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", STARTS)
def test_a_pending_label_that_was_taken_away_after_a_crash_is_not_missed(flavor: str, start: str) -> None:
    for world in stopped_worlds(flavor, NATIVE, start, cut):
        world.stages.pop("AWSPENDING", None)
        come_to_rest(world)
        assert world.at_rest(), world.effects


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("own", [("foreign",), ("foreign", U), (C, "foreign"), ("foreign", C)])
def test_an_adoption_that_is_cut_off_is_finished(flavor: str, own: tuple[str, ...]) -> None:
    adopt = (f"root@{HOSTS[1]}",)
    for number, moment in itertools.product(range(MOST_EFFECTS), ("before_effect", "after_effect")):
        world = make_world(flavor, rows=((C,), own))
        setattr(world, moment, at_effect(number, cut))
        with contextlib.suppress(PowerCut):
            rotate_in(world, "on_demand", adopt)
        setattr(world, moment, lambda _effect: None)
        while rotate_in(world, "recovery", adopt)["action"] != "nothing":
            assert len(world.effects) < 2 * MOST_EFFECTS
        assert world.at_rest(), world.effects


@over_every_kind
def test_no_version_becomes_current_twice(flavor: str, plugin: str, start: str) -> None:
    world = start_world(flavor, plugin, start)
    seen = [world.stages["AWSPREVIOUS"], world.stages["AWSCURRENT"]]
    for _round in range(3):
        rotate_in(world, "on_demand")
        seen.append(world.stages["AWSCURRENT"])
    assert len(set(seen)) == len(seen)


def overlap_is_over(world: World) -> None:
    if world.tags.get(tags.OVERLAP_UNTIL):
        world.tags[tags.OVERLAP_UNTIL] = stamp(NOW - timedelta(minutes=1))


def due_in_days(world: World) -> float:
    return (datetime.fromisoformat(world.tags[tags.DUE]) - datetime.now(UTC)) / timedelta(days=1)


@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
@pytest.mark.parametrize("next_trigger", ["recovery", "rollback"])
def test_a_rollback_that_is_cut_off_is_finished_or_never_began(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None], next_trigger: str
) -> None:
    for world in stopped_worlds(flavor, plugin, start, trouble, trigger="rollback"):
        effects = list(world.effects)
        rotate_in(world, next_trigger)
        come_to_rest(world)
        assert world.at_rest(), effects
        if world.tags[tags.VERSION] == world.tags.get(tags.ROLLBACK):
            assert world.tags[tags.TRIGGER] == "rollback" and due_in_days(world) <= 1, effects


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", ["clean", "one row"])
def test_a_rollback_brings_the_previous_password_back_however_often_it_is_cut_off(flavor: str, start: str) -> None:
    for world in stopped_worlds(flavor, NATIVE, start, cut, trigger="rollback"):
        rotate_in(world, "rollback")
        assert world.current() == WORDS[V], world.effects
        assert world.stages["AWSCURRENT"] != V, "no version becomes current twice"
        assert world.at_rest(), world.effects


@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
def test_an_overlap_that_is_cut_off_ends_in_time_and_not_before(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None]
) -> None:
    for world in stopped_worlds(flavor, plugin, start, trouble, overlap=3600):
        promoted = world.stages["AWSCURRENT"] != C
        come_to_rest(world)
        if promoted and plugin == NATIVE:
            assert all(len(stored) == 2 for stored in world.rows.values()), world.effects
        overlap_is_over(world)
        come_to_rest(world)
        assert world.at_rest(), world.effects
        assert not world.tags.get(tags.OVERLAP_UNTIL)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask of replica regions without a pause."""
    monkeypatch.setattr(replicas_module, "FIRST_PAUSE", 0.0)


LAGS, FAILED, IN_SYNC = ({"us-east-1": "InSync", "eu-west-1": status} for status in ("InProgress", "Failed", "InSync"))


def start_lagging(flavor: str, plugin: str, start: str) -> World:
    """A replica region that gives out what was AWSCURRENT before, whatever this run makes of it."""
    world = start_world(flavor, plugin, start)
    world.replicas, world.read_elsewhere = LAGS, WORDS[V if start == "not discarded" else C]
    return world


def caught_up(world: World) -> World:
    world.replicas, world.read_elsewhere = IN_SYNC, ""
    return world


@pytest.mark.usefixtures("at_once")
@over_every_kind
@pytest.mark.parametrize("trouble", [cut, lose_answer])
def test_whoever_reads_in_a_replica_region_is_let_in_whenever_a_run_dies(
    flavor: str, plugin: str, start: str, trouble: Callable[[str], None]
) -> None:
    for world in stopped_worlds(flavor, plugin, start, trouble, begin=start_lagging):
        promoted = world.stages["AWSCURRENT"] != C
        come_to_rest(world)
        if promoted:
            assert world.tags[tags.VERSION] == world.stages["AWSCURRENT"], world.effects
        world.replicas = FAILED
        assert come_to_rest(world) == ["nothing"], world.effects
        come_to_rest(caught_up(world))
        assert world.at_rest(), world.effects
        assert not world.tags.get(tags.OVERLAP_UNTIL)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("trigger", ["on_demand", "rollback"])
def test_a_replica_region_that_lags_keeps_the_old_password_until_it_has_caught_up(flavor: str, trigger: str) -> None:
    world = start_lagging(flavor, NATIVE, "clean")
    result = rotate_in(world, trigger)
    assert result["rotated"] and result["warnings"][-1:] == [
        "The old password stays valid, because replica regions may still give it out: eu-west-1 (InProgress)."
    ]
    assert "stays valid for replica regions (eu-west-1 (InProgress))" in result["msg"]
    assert result["replicas"][1] == {"region": "eu-west-1", "status": "InProgress", "message": ""}
    assert all(len(stored) == 2 for stored in world.rows.values())
    assert rotate_in(world, "scheduled")["action"] == "nothing"
    assert rotate_in(caught_up(world), "scheduled")["action"] == "settle"
    assert world.at_rest() and come_to_rest(world) == ["nothing"]


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_second_rotation_is_refused_while_a_replica_region_lags_unless_forced(flavor: str) -> None:
    world = start_lagging(flavor, NATIVE, "clean")
    rotate_in(world, "on_demand")
    before = {host: list(stored) for host, stored in world.rows.items()}
    with pytest.raises(RotationError) as caught:
        rotate_in(world, "on_demand")
    assert caught.value.code == "replica_lags" and "rotation_force=true" in caught.value.next_step
    assert world.rows == before
    world.read_elsewhere = ""
    first = world.current()
    warnings = rotate_in(world, "on_demand", force=True)["warnings"]
    assert [text for text in warnings if "programs that read there are refused" in text]
    assert world.current() != first and all(hashed(NATIVE, first) in stored for stored in world.rows.values())


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_forced_rotation_also_ends_what_it_kept_on_its_way(flavor: str) -> None:
    """It finishes a rollback that was cut off, keeps the password of before, ends that, and begins its own."""
    world = start_lagging(flavor, NATIVE, "one row")
    world.before_effect = lambda effect: cut(effect) if effect == "promote" else None
    with contextlib.suppress(PowerCut):
        rotate_in(world, "rollback")
    world.before_effect = lambda _effect: None
    world.read_elsewhere = ""
    assert rotate_in(world, "on_demand", force=True)["rotated"]
    assert world.current() not in WORDS.values()
    come_to_rest(caught_up(world))
    assert world.at_rest()


@pytest.mark.usefixtures("at_once")
def test_where_a_row_holds_one_password_a_replica_region_that_lags_is_only_told() -> None:
    pytest.importorskip("nacl.bindings")
    world = start_lagging(MARIADB, ED25519, "clean")
    result = rotate_in(world, "on_demand")
    assert [text for text in result["warnings"] if text.startswith("The old password has ended, and replica regions")]
    assert world.at_rest() and come_to_rest(world) == ["nothing"]
    assert not world.tags.get(tags.OVERLAP_UNTIL)


FOREIGN = hashed(NATIVE, WORDS["foreign"])


def set_by_hand(world: World) -> None:
    """As ALTER USER ... IDENTIFIED BY on every row."""
    world.rows = {host: [FOREIGN] for host in world.rows}


def set_on_one_row(world: World) -> None:
    world.rows[HOSTS[1]] = [FOREIGN]


def set_and_retained(world: World) -> None:
    """As with RETAIN CURRENT PASSWORD; on MariaDB a method beside ours."""
    world.rows = {host: [FOREIGN, stored[0]] for host, stored in world.rows.items()}


def second_by_hand(world: World) -> None:
    """Another password, and then the present one again with RETAIN CURRENT PASSWORD."""
    world.rows = {host: [stored[0], FOREIGN] for host, stored in world.rows.items()}


def row_by_hand(world: World) -> None:
    """A row that is made with a password of before."""
    world.rows["10.%"] = [hashed(NATIVE, WORDS[C])]


DEEDS = (set_by_hand, set_on_one_row, set_and_retained, second_by_hand, row_by_hand)
MOST_STATEMENTS = 60


@dataclass
class Deed:
    """What a person does before the n-th statement of a run, with the rows as the server showed them last."""

    world: World
    number: int
    do: Callable[[World], None]
    seen: dict[str, list[str]] = field(default_factory=dict)
    done: bool = False

    def __call__(self, statement: str) -> None:
        self.number -= 1
        if self.number == 0:
            self.world.promised = frozenset()  # a person may lock whom he wants out
            self.do(self.world)
            self.done = True
        if "FROM mysql." in statement:
            self.seen = {host: list(stored) for host, stored in self.world.rows.items()}


def meddled(flavor: str, start: str, do: Callable[[World], None], **asked: Any) -> Iterator[tuple[World, Deed, Any]]:
    """Give the world, the deed and the result after a run before whose n-th statement a person did this."""
    for number in itertools.count(1):
        world = start_world(flavor, NATIVE, start)
        world.before_statement = deed = Deed(world, number, do)
        try:
            result: Any = rotate_in(world, **{"trigger": "on_demand", **asked})
        except RotationError as error:
            result = error
        if not deed.done:
            assert 10 < number < MOST_STATEMENTS
            return
        world.before_statement = lambda _statement: None
        yield world, deed, result


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("do", DEEDS)
@pytest.mark.parametrize("overlap", [0, 3600])
def test_nothing_is_told_or_recorded_as_done_unless_the_rows_read_last_say_so(
    flavor: str, start: str, do: Callable[[World], None], overlap: int
) -> None:
    for world, deed, result in meddled(flavor, start, do, overlap=overlap):
        current = hashed(NATIVE, world.current())
        first_class = slice(1) if flavor == MYSQL else slice(None)
        covered = [stored for stored in deed.seen.values() if current in stored[first_class]]
        recorded = world.tags[tags.VERSION] == world.stages["AWSCURRENT"] != C
        told = isinstance(result, dict) and result["rotated"]
        if not (recorded or told):
            assert isinstance(result, RotationError) and result.code and result.state and result.next_step
            continue
        assert covered and (overlap or flavor == MARIADB or all(len(stored) == 1 for stored in covered)), world.effects
        known = {hashed(NATIVE, str(version.document["password"])) for version in world.versions.values()} - {current}
        left = [stored for stored in deed.seen.values() if known & set(stored)]
        assert overlap or not left, (deed.seen, world.effects)
        if do in (set_by_hand, set_and_retained) and deed.seen == world.rows:
            assert world.opened_by(world.current())


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_password_set_by_hand_on_every_row_is_never_told_as_a_rotation(flavor: str) -> None:
    codes: Counter[str] = Counter()
    for world, _deed, result in meddled(flavor, "clean", set_by_hand):
        refused_now = not world.opened_by(world.current())
        if refused_now and isinstance(result, dict):
            assert world.effects[-1] == "tag", "only what came after the last look is not seen"
            codes["after the last look"] += 1
        elif isinstance(result, RotationError):
            codes[result.code] += 1
    assert codes["after the last look"] <= 1
    assert codes["changed_meanwhile"] and set(codes) <= {
        *("after the last look", "changed_meanwhile", "not_applied", "drift", "login_refused"),
        "not_discarded",  # set in the moment before the change, which retained it
    }


def test_a_second_password_that_arises_before_the_change_is_seen_and_nothing_is_sent() -> None:
    """Between the look and the statement: decided anew, and refused as it would have been."""
    world = start_world(MYSQL, NATIVE, "clean")
    world.before_effect = at_effect(0, lambda _effect: second_by_hand(world))
    with pytest.raises(RotationError) as caught:
        rotate_in(world, "on_demand")
    assert (caught.value.code, caught.value.step) == ("foreign_secondary", "decide")
    assert world.effects == ["put"] and "The server was not changed" in caught.value.state
    assert all(stored == [hashed(NATIVE, WORDS[C]), FOREIGN] for stored in world.rows.values())


def test_a_row_that_arises_before_the_change_is_changed_with_the_others() -> None:
    world = start_world(MYSQL, NATIVE, "clean")
    world.before_effect = at_effect(0, lambda _effect: row_by_hand(world))
    assert rotate_in(world, "on_demand")["rotated"]
    assert len(world.rows) == 3 and world.at_rest()


def test_rows_that_never_stand_still_are_left_alone() -> None:
    world = start_world(MYSQL, NATIVE, "clean")

    def restless(statement: str) -> None:
        if "FROM mysql." in statement:
            row_by_hand(world)
            world.rows[f"10.{next(numbers)}.%"] = world.rows.pop("10.%")

    numbers = itertools.count()
    world.before_statement = restless
    with pytest.raises(RotationError) as caught:
        rotate_in(world, "on_demand")
    assert caught.value.code == "unsettled" and "alter" not in world.effects


def codes_of(results: list[Any]) -> list[tuple[str, str]]:
    return [(result.code, result.step) for result in results]


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_new_password_that_a_proxy_refuses_costs_a_schedule_one_login_and_a_person_one_each(flavor: str) -> None:
    world = make_world(flavor)
    world.tags[tags.DUE] = stamp(NOW - timedelta(days=1))
    world.kept_by_proxy = WORDS[C]
    results = results_of_runs(world, *["scheduled", "recovery"] * 5)
    assert codes_of(results) == [("new_password_refused", "verify"), *[("new_password_refused", "decide")] * 9]
    assert len(world.refused) == 1 and world.tags[tags.REFUSED] == world.stages["AWSPENDING"]
    assert "several servers" in results[0].next_step and "proxy that keeps passwords" in results[9].next_step
    assert results[0].state.startswith("AWSCURRENT still opens the server; the new one, AWSPENDING")
    assert codes_of(results_of_runs(world, "on_demand")) == [("new_password_refused", "verify")]
    assert len(world.refused) == 2
    world.kept_by_proxy = ""
    assert rotate_in(world, "on_demand")["rotated"] and world.tags[tags.REFUSED] == ""
    assert world.at_rest()


@pytest.mark.parametrize("trigger", ["on_demand", "rollback", "scheduled"])
@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_after_a_change_by_hand_one_password_is_tried(flavor: str, trigger: str) -> None:
    world = make_world(flavor)
    set_by_hand(world)
    assert codes_of(results_of_runs(world, trigger)) == [("login_refused", "open")]
    assert world.refused == [WORDS[C]] and world.tags[tags.REFUSED] == C


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
def test_a_rollback_tries_the_one_password_that_labels_and_tags_say_is_right(flavor: str) -> None:
    moved_back = make_world(flavor)
    moved_back.stages |= {"AWSCURRENT": U, "AWSPREVIOUS": C}
    assert rotate_in(moved_back, "rollback")["action"] == "restore" and moved_back.refused == []
    for world in stopped_worlds(flavor, NATIVE, "clean", cut):
        rotate_in(world, "rollback")
        assert world.refused == [], world.effects


def test_what_was_refused_before_is_remembered_with_what_is_refused_now() -> None:
    world = make_world(rows=(("foreign",), ("foreign",)))
    world.tags[tags.REFUSED] = "earlier"
    results_of_runs(world, "on_demand", "on_demand")
    assert world.tags[tags.REFUSED] == f"earlier {C}"


def deny_tags(effect: str) -> None:
    if effect == "tag":
        raise RotationError("denied", code="aws_denied", next_step="Allow it.")


def told_by(worlds_runs: list[Any]) -> int:
    """How many of the results tell of a rotation."""
    return sum(isinstance(result, dict) and result["rotated"] for result in worlds_runs)


def results_of_runs(world: World, *triggers: str) -> list[Any]:
    results: list[Any] = []
    for trigger in triggers:
        try:
            results.append(rotate_in(world, trigger))
        except RotationError as error:
            results.append(error)
    return results


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("start", STARTS)
def test_a_rotation_whose_tags_are_denied_is_told_once_and_every_later_run_fails_until_they_are_written(
    flavor: str, start: str
) -> None:
    world = start_world(flavor, NATIVE, start)
    world.before_effect = deny_tags
    first, *later = results_of_runs(world, "on_demand", "scheduled", "recovery", "scheduled")
    assert first["rotated"] and "The tags could not be written" in first["warnings"][-1]
    assert [(error.code, error.step) for error in later] == [("aws_denied", "record")] * 3
    assert all(error.state == "The new password is AWSCURRENT and the only one." for error in later)
    world.before_effect = lambda _effect: None
    written = rotate_in(world, "scheduled")
    assert (written["action"], written["rotated"]) == ("record", False)
    assert world.tags[tags.NOTIFIED] == "rotated=owed", "whether the notice went out is not known"
    assert world.at_rest() and come_to_rest(world) == ["nothing"]


@over_every_kind
def test_a_rotation_is_told_once_however_often_tags_are_denied_and_runs_die(
    flavor: str, plugin: str, start: str
) -> None:
    for world in stopped_worlds(flavor, plugin, start, cut):
        promoted, was_recorded = world.stages["AWSCURRENT"] != C, world.tags[tags.VERSION]
        world.before_effect = deny_tags
        results = results_of_runs(world, "recovery", "recovery")
        world.before_effect = lambda _effect: None
        results += results_of_runs(world, "recovery", "recovery")
        changed = world.stages["AWSCURRENT"] != C and was_recorded != world.stages["AWSCURRENT"]
        assert told_by(results) == (changed or (promoted and was_recorded == V)), (world.effects, results)


@pytest.mark.parametrize("flavor", [MYSQL, MARIADB])
@pytest.mark.parametrize("label", [V, U])
def test_a_label_that_a_person_moves_during_a_rotation_harms_no_password(flavor: str, label: str) -> None:
    """AWSCURRENT goes to a version whose password is gone: refused, or settled; nothing that opens is ended."""
    for world in stopped_worlds(flavor, NATIVE, "clean", cut):
        held, rows = world.stages["AWSCURRENT"], {host: list(stored) for host, stored in world.rows.items()}
        world.promised = frozenset()
        world.stages |= {"AWSCURRENT": label, "AWSPREVIOUS": held}
        with contextlib.suppress(RotationError):
            rotate_in(world)
        assert all(set(rows[host]) <= set(stored) for host, stored in world.rows.items()), world.effects


def spent() -> Ledger:
    """A ledger of which the writes of the next hours have been given away."""
    ledger = Ledger(lambda: 0.0)
    ledger.take(VERSIONS, 1_000_000, 1.0, float("inf"))
    return ledger


def test_a_run_whose_turn_at_aws_would_come_too_late_begins_nothing() -> None:
    world = make_world()
    with pytest.raises(RotationError) as caught:
        rotate_in(world, "on_demand", writes=Writes(0.8, spent()))
    assert (caught.value.code, caught.value.step) == ("write_limit", "wait")
    assert "Nothing was changed" in caught.value.state and world.effects == []


def test_a_scheduled_run_whose_turn_at_aws_would_come_too_late_leaves_the_client_alone() -> None:
    world = make_world()
    world.tags[tags.DUE] = stamp(NOW - timedelta(days=1))
    result = rotate_in(world, "scheduled", writes=Writes(0.8, spent()))
    assert (result["action"], result["changed"], world.effects) == ("busy", False, [])
    assert "left to the next scheduled run" in result["msg"]


def test_what_was_begun_is_finished_whatever_aws_writes_are_left() -> None:
    world = make_world(rows=((P, C), (C,)), pending=P)
    assert rotate_in(world, writes=Writes(0.8, spent()))["action"] == "finish"
    assert world.at_rest()
