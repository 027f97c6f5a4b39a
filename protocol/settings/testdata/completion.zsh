#compdef tap-demo
# zsh completion for tap-demo: put it in a folder of $fpath as _tap_demo, or source it after compinit.
_tap_demo() {
    local flag="$words[CURRENT-1]" level="" word
    local -a flags commands
    if [[ $PREFIX == --*=* ]]; then
        flag="${PREFIX%%=*}="
        compset -P '*='
    fi
    case "$flag" in
    --format|--format=) compadd -- text json markdown meltano; return ;;
    --completion|--completion=) compadd -- bash zsh fish; return ;;
    --test=) compadd -- schema records; return ;;
    --mode|--mode=) compadd -- fast exact; return ;;
    -c|--config|--config=|-p|--catalog|--catalog=|--properties|--properties=|-s|--state|--state=|--id|--id=|--client-id|--client-id=|--start-date|--start-date=|--select|--select=|--page-size|--page-size=|--budget|--budget=|--ratio|--ratio=|--request-timeout|--request-timeout=|--end-date|--end-date=|--headers|--headers=|--patterns|--patterns=|--date-format|--date-format=|--api-key|--api-key=|--dsn|--dsn=|--credentials|--credentials=|--ssh-tunnel-host|--ssh-tunnel-host=|--ssh-tunnel-port|--ssh-tunnel-port=) _files; return ;;
    esac
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$level $word" in
        " spec") level="spec" ;;
        " rejects") level="rejects" ;;
        "rejects list") level="rejects list" ;;
        "rejects replay") level="rejects replay" ;;
        esac
    done
    case "$level" in
    "") commands=(
        'spec:Print the specification'
        'rejects:Rejected rows'
        ) flags=(
        '-c:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--config:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--about:Say what this program is and can be told, and end'
        '--format:The form of --about'
        '--version:Print name and version, and end'
        '--completion:Print a completion script for this shell, and end'
        '--man:Print the manual page, and end'
        '-h:Print this help, and end'
        '--help:Print this help, and end'
        '-p:Catalog with selection'
        '--catalog:Catalog with selection'
        '--properties:Catalog with selection'
        '-s:State of the last run'
        '--state:State of the last run'
        '-d:Print the catalog, and end'
        '--discover:Print the catalog, and end'
        '--test:Check the connection, and end'
        ) ;;
    "spec") commands=(
        ) flags=(
        '-c:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--config:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--about:Say what this program is and can be told, and end'
        '--format:The form of --about'
        '--version:Print name and version, and end'
        '--completion:Print a completion script for this shell, and end'
        '--man:Print the manual page, and end'
        '-h:Print this help, and end'
        '--help:Print this help, and end'
        '-p:Catalog with selection'
        '--catalog:Catalog with selection'
        '--properties:Catalog with selection'
        '-s:State of the last run'
        '--state:State of the last run'
        '-d:Print the catalog, and end'
        '--discover:Print the catalog, and end'
        '--test:Check the connection, and end'
        ) ;;
    "rejects") commands=(
        'list:List rejected rows'
        'replay:Load rejected rows again'
        ) flags=(
        '-c:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--config:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--about:Say what this program is and can be told, and end'
        '--format:The form of --about'
        '--version:Print name and version, and end'
        '--completion:Print a completion script for this shell, and end'
        '--man:Print the manual page, and end'
        '-h:Print this help, and end'
        '--help:Print this help, and end'
        '-p:Catalog with selection'
        '--catalog:Catalog with selection'
        '--properties:Catalog with selection'
        '-s:State of the last run'
        '--state:State of the last run'
        '-d:Print the catalog, and end'
        '--discover:Print the catalog, and end'
        '--test:Check the connection, and end'
        ) ;;
    "rejects list") commands=(
        ) flags=(
        '-c:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--config:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--about:Say what this program is and can be told, and end'
        '--format:The form of --about'
        '--version:Print name and version, and end'
        '--completion:Print a completion script for this shell, and end'
        '--man:Print the manual page, and end'
        '-h:Print this help, and end'
        '--help:Print this help, and end'
        '-p:Catalog with selection'
        '--catalog:Catalog with selection'
        '--properties:Catalog with selection'
        '-s:State of the last run'
        '--state:State of the last run'
        '-d:Print the catalog, and end'
        '--discover:Print the catalog, and end'
        '--test:Check the connection, and end'
        ) ;;
    "rejects replay") commands=(
        ) flags=(
        '-c:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--config:JSON file of settings; may be given again, and a later file overrides an earlier one'
        '--about:Say what this program is and can be told, and end'
        '--format:The form of --about'
        '--version:Print name and version, and end'
        '--completion:Print a completion script for this shell, and end'
        '--man:Print the manual page, and end'
        '-h:Print this help, and end'
        '--help:Print this help, and end'
        '-p:Catalog with selection'
        '--catalog:Catalog with selection'
        '--properties:Catalog with selection'
        '-s:State of the last run'
        '--state:State of the last run'
        '-d:Print the catalog, and end'
        '--discover:Print the catalog, and end'
        '--test:Check the connection, and end'
        '--id:Rows to replay'
        ) ;;
    esac
    flags+=(
        '--client-id:Names the client whose rows these are'
        '--start-date:First instant to read'
        '--select:Streams to read'
        '--page-size:Rows per request'
        '--budget:Bytes in memory'
        '--ratio:Share of the budget'
        '--gzip:Ask for compressed answers'
        '--no-gzip:Ask for compressed answers'
        '--strict:Refuse what is not declared'
        '--no-strict:Refuse what is not declared'
        '--request-timeout:Longest wait for an answer'
        '--end-date:Last day to read'
        '--mode:How to count'
        '--headers:Headers of every request'
        '--patterns:Streams by key'
        '--date-format:Format of dates, for all columns or for each'
        '--api-key:Personal API key'
        '--dsn:The database'
        '--credentials:A service account'
        '--ssh-tunnel-enable:Connect through a jump host'
        '--no-ssh-tunnel-enable:Connect through a jump host'
        '--ssh-tunnel-host:The jump host'
        '--ssh-tunnel-port:Its port'
    )
    _describe command commands
    _describe -o flag flags
}
if [[ $funcstack[1] == _tap_demo ]]; then _tap_demo "$@"; else compdef _tap_demo tap-demo; fi
