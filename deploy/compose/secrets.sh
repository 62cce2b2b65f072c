#!/bin/sh
# Makes .env, which `docker compose` reads: a secret for each purpose. What is there already stays.
set -eu
cd "$(dirname "$0")"
umask 077
touch .env
for name in OPEN_WEBUI_KEY OPEN_WEBUI_JWT_SECRET MEMGATE_ADMIN_TOKEN GRAFANA_PASSWORD; do
  grep -q "^$name=" .env || printf '%s=%s\n' "$name" "$(openssl rand -hex 32)" >> .env
done
echo "The secrets are in $(pwd)/.env. MEMGATE_ADMIN_TOKEN opens the dashboard (sign in as 'operator'), GRAFANA_PASSWORD is Grafana's account 'admin'."
