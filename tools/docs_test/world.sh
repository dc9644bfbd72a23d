# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# To be sourced where a page begins after others have ended: the world runs, its clients are under management, and one
# was rotated. What readers write down for servers of their own says here where the world's are.
make --silent world
source .venv/bin/activate
source .cache/world/aws.env
cp inventories/demo/clients.yml inventories/production/clients.yml
for name in production fleet; do
    cp inventories/demo/group_vars/all.yml "inventories/$name/group_vars/clients.yml"
done
printf '%s\n' 'plugin: dbops.rotation.fleet' "region: $AWS_DEFAULT_REGION" "endpoint_url: $AWS_ENDPOINT_URL" \
    >inventories/fleet/fleet.yml
ansible-playbook playbooks/onboard.yml -e rotation_everything=true
ansible-playbook rotate.yml -l client_acme
