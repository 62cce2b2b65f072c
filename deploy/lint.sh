#!/bin/sh
# Checks what stands in deploy/ with the tools that will read it. Their Debian packages: nginx-light, caddy, prometheus (promtool),
# systemd (systemd-analyze), kubernetes-client (kubectl), shellcheck, yamllint.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '%s\n' "deploy: $*"; }

say shell scripts
shellcheck lint.sh compose/*.sh

say YAML
yamllint --strict --config-data '{extends: relaxed, rules: {line-length: disable, braces: disable, brackets: disable, comments: disable}}' .

say nginx
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=chat.example.com -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
sed -e "s#/etc/letsencrypt/live/chat.example.com/fullchain.pem#$work/cert.pem#" \
    -e "s#/etc/letsencrypt/live/chat.example.com/privkey.pem#$work/key.pem#" reverse-proxy/nginx.conf > "$work/site.conf"
printf 'error_log stderr; pid %s/nginx.pid; events {} http { access_log off; include %s/site.conf; }\n' "$work" "$work" > "$work/nginx.conf"
PATH="$PATH:/usr/sbin" nginx -q -t -p "$work" -c "$work/nginx.conf"

say Caddy
caddy validate --adapter caddyfile --config reverse-proxy/Caddyfile > "$work/caddy.log" 2>&1 || { cat "$work/caddy.log" >&2; exit 1; }

say systemd
# The binary need not be here; everything else must be in order.
mkdir -p "$work/bin"
printf '#!/bin/sh\n' > "$work/bin/memgate"
chmod +x "$work/bin/memgate"
sed -e "s#/usr/local/bin/memgate#$work/bin/memgate#" -e '/^Documentation=/d' systemd/memgate.service > "$work/memgate.service"
systemd-analyze verify "$work/memgate.service"

say Kubernetes
kubectl kustomize kubernetes > "$work/kubernetes.yaml"
grep -q 'kind: StatefulSet' "$work/kubernetes.yaml"

say Prometheus
promtool check config prometheus/prometheus.yml
promtool check rules prometheus/alerts.yml
promtool test rules prometheus/alerts.test.yml
# The same rules, where the compose file mounts them.
cp compose/prometheus.yml prometheus/alerts.yml "$work/"
promtool check config "$work/prometheus.yml"

say everything is in order
