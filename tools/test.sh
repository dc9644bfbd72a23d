#!/usr/bin/env bash
# Run the named test suites, by default all but the slow one. Each of them runs even when one before it fails. A suite is
# spread over processes, each with servers of its own; files of tests, as unit/test_decide.py, run in this one.
# PARTS=6 leaves five sixths of the slow files out, each day others; PART says which day's is meant.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

suites=("$@")
[ $# -gt 0 ] || suites=(unit integration second sim faults)
# Beside the two servers of the integration tests: the MariaDB that most people will have next.
second_server=mariadb-11.8
# Where servers of one kind differ; `make slow` runs a sixth of the other integration tests on it (second-rest).
second_files=(tests/integration/test_{account_rows,bad_accounts,overlap,password_policy,rollback,rotation,tls,verify}.py)
# A server takes half a gigabyte.
spread=(-q --numprocesses auto --maxprocesses 4)
failed=()

of_today() { # how many parts, of which files
    local parts=$1 part
    part=$((10#${PART:-$(date +%j)} % parts))
    shift
    printf '%s\n' "$@" | awk -v parts="$parts" -v part="$part" 'NR % parts == part'
    [ "$parts" -eq 1 ] || echo "$suite: a part of the files; PARTS=$parts PART=$part for the same" >&2
}

for suite in "${suites[@]}"; do
    echo "== $suite"
    server=${TEST_SERVER:-}
    case $suite in
    slow)
        mapfile -t files < <(grep -l 'mark\.slow' tests/integration/test_*.py)
        mapfile -t files < <(of_today "${PARTS:-1}" "${files[@]}")
        chosen=("${spread[@]}" --dist loadfile -m slow "${files[@]}")
        ;;
    # By itself: the engine takes core files away from a process for good, and one has to be found.
    leaks) chosen=(-q -m slow tests/leakcheck) ;;
    integration) chosen=("${spread[@]}" --dist loadfile -m "not slow" tests/integration) ;;
    second) server=$second_server chosen=("${spread[@]}" --dist loadfile -m "not slow" "${second_files[@]}") ;;
    # `tools/servers.sh mariadb-11.8` runs all of them.
    second-rest)
        mapfile -t files < <(printf '%s\n' tests/integration/test_*.py "${second_files[@]}" | sort | uniq -u)
        mapfile -t files < <(of_today 6 "${files[@]}")
        server=$second_server chosen=("${spread[@]}" --dist loadfile -m "not slow" "${files[@]}")
        ;;
    rehearsals) chosen=("${spread[@]}" --dist worksteal tests/integration/test_rehearsals.py) ;;
    unit) chosen=("${spread[@]}" --dist worksteal tests/unit tests/bench) ;;
    sim | faults) chosen=("${spread[@]}" --dist worksteal "tests/$suite") ;;
    *) chosen=("tests/$suite") ;;
    esac
    TEST_SERVER=$server .venv/bin/python -m pytest "${chosen[@]}" || failed+=("$suite")
done
[ ${#failed[@]} -eq 0 ] || { echo "Failed: ${failed[*]}" >&2; exit 1; }
