# bash completion for tap-demo: source this file, or put it where bash-completion looks, under the program's name.
_tap_demo() {
    local current="${COMP_WORDS[COMP_CWORD]}" flag="${COMP_WORDS[COMP_CWORD-1]}" level="" word flags commands
    if [[ $current == "=" ]]; then
        current="" flag="$flag="
    elif [[ $flag == "=" ]]; then
        flag="${COMP_WORDS[COMP_CWORD-2]}="
    fi
    case "$flag" in
    --format|--format=) COMPREPLY=($(compgen -W "text json markdown meltano" -- "$current")); return ;;
    --completion|--completion=) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")); return ;;
    --test=) COMPREPLY=($(compgen -W "schema records" -- "$current")); return ;;
    --mode|--mode=) COMPREPLY=($(compgen -W "fast exact" -- "$current")); return ;;
    -c|--config|--config=|-p|--catalog|--catalog=|--properties|--properties=|-s|--state|--state=|--id|--id=|--client-id|--client-id=|--start-date|--start-date=|--select|--select=|--page-size|--page-size=|--budget|--budget=|--ratio|--ratio=|--request-timeout|--request-timeout=|--end-date|--end-date=|--headers|--headers=|--patterns|--patterns=|--date-format|--date-format=|--api-key|--api-key=|--dsn|--dsn=|--credentials|--credentials=|--ssh-tunnel-host|--ssh-tunnel-host=|--ssh-tunnel-port|--ssh-tunnel-port=) return ;;
    esac
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$level $word" in
        " spec") level="spec" ;;
        " rejects") level="rejects" ;;
        "rejects list") level="rejects list" ;;
        "rejects replay") level="rejects replay" ;;
        esac
    done
    case "$level" in
    "") commands="spec rejects" flags="-c --config --about --format --version --completion --man -h --help -p --catalog --properties -s --state -d --discover --test" ;;
    "spec") commands="" flags="-c --config --about --format --version --completion --man -h --help -p --catalog --properties -s --state -d --discover --test" ;;
    "rejects") commands="list replay" flags="-c --config --about --format --version --completion --man -h --help -p --catalog --properties -s --state -d --discover --test" ;;
    "rejects list") commands="" flags="-c --config --about --format --version --completion --man -h --help -p --catalog --properties -s --state -d --discover --test" ;;
    "rejects replay") commands="" flags="-c --config --about --format --version --completion --man -h --help -p --catalog --properties -s --state -d --discover --test --id" ;;
    esac
    flags="$flags --client-id --start-date --select --page-size --budget --ratio --gzip --no-gzip --strict --no-strict --request-timeout --end-date --mode --headers --patterns --date-format --api-key --dsn --credentials --ssh-tunnel-enable --no-ssh-tunnel-enable --ssh-tunnel-host --ssh-tunnel-port"
    COMPREPLY=($(compgen -W "$commands $flags" -- "$current"))
}
complete -o default -F _tap_demo tap-demo
