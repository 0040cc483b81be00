#!/bin/sh
# Adds receivers to Alertmanager's configuration, one for each address in the Secret alertmanager-receivers.
#   {critical,warning}-slack-url, -teams-url, -pagerduty-key, -email-to, -webhook-url; watchdog-webhook-url;
#   for e-mail also smtp-host (name:port), smtp-from, smtp-user and smtp-password
#     sh compose-alertmanager.sh CONFIGURATION SECRETS > RESULT
set -eu
configuration=$1 secrets=$2
cat "$configuration"
for severity in critical warning watchdog; do
    echo "  - name: $severity"
    if [ -f "$secrets/$severity-slack-url" ]; then
        echo "    slack_configs:"
        echo "      - {api_url_file: $secrets/$severity-slack-url, send_resolved: true}"
    fi
    if [ -f "$secrets/$severity-teams-url" ]; then
        echo "    msteamsv2_configs:"
        echo "      - {webhook_url_file: $secrets/$severity-teams-url, send_resolved: true}"
    fi
    if [ -f "$secrets/$severity-pagerduty-key" ]; then
        echo "    pagerduty_configs:"
        echo "      - {routing_key_file: $secrets/$severity-pagerduty-key, severity: $severity, send_resolved: true}"
    fi
    if [ -f "$secrets/$severity-email-to" ]; then
        echo "    email_configs:"
        echo "      - to: '$(cat "$secrets/$severity-email-to")'"
        echo "        from: '$(cat "$secrets/smtp-from")'"
        echo "        smarthost: '$(cat "$secrets/smtp-host")'"
        echo "        send_resolved: true"
        if [ -f "$secrets/smtp-user" ]; then
            echo "        auth_username: '$(cat "$secrets/smtp-user")'"
            echo "        auth_password_file: $secrets/smtp-password"
        fi
    fi
    if [ -f "$secrets/$severity-webhook-url" ]; then
        echo "    webhook_configs:"
        echo "      - {url_file: $secrets/$severity-webhook-url, send_resolved: true}"
    fi
done
