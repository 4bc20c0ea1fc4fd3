# bash completion for qcloud(1): install as /usr/share/bash-completion/completions/qcloud
_qcloud() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command="" verb="" i
  COMPREPLY=()
  case $before in
    --socket|--file|--key|--include) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --since) COMPREPLY=($(compgen -W "today 15m 1h 2d" -- "$word")); return ;;
    --feature) COMPREPLY=($(compgen -W "$(_qcloud_features)" -- "$word")); return ;;
    --limit|--invite|--uninvite) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i-1]} in --socket|--file|--key|--include|--since|--feature|--limit) continue ;; esac
    case ${COMP_WORDS[i]} in
      -*) ;;
      *) if [ -z "$command" ]; then command=${COMP_WORDS[i]}; elif [ -z "$verb" ]; then verb=${COMP_WORDS[i]}; fi ;;
    esac
  done

  local everywhere="--json --quiet --socket --help" words
  case "$command $verb" in
    " ") words="status register unregister enable disable offline online ddns link audience data receipts ledger manifest
      config doctor bundle --version" ;;
    "enable "|"disable "|"manifest "|"data show"|"data export") words=$(_qcloud_features) ;;
    "data erase") words="$(_qcloud_features) --yes" ;;
    "data correct") words="device_name" ;;
    "unregister ") words="--yes" ;;
    "ddns ") words="claim rename release" ;;
    "link ") words="status services visitors" ;;
    "link services") words="list add remove --address --tls --proxy-protocol --admin-page through here --yes" ;;
    "audience "*) words="everyone invited owner --invite --uninvite" ;;
    "data ") words="show export correct erase" ;;
    "receipts ") words="list show verify" ;;
    "receipts verify") words="--file --key" ;;
    "ledger "*) words="summary --feature --since --limit --follow" ;;
    "config ") words="show set unset backup restore" ;;
    "config set"|"config unset") words="economy log.level proxy.url" ;;
    "config backup") COMPREPLY=($(compgen -f -- "$word")); return ;;
    "config restore") [[ $word == -* ]] || { COMPREPLY=($(compgen -f -- "$word")); return; }; words="--yes" ;;
    "bundle "*) [[ $word == -* ]] || { COMPREPLY=($(compgen -f -- "$word")); return; }; words="--include --force" ;;
  esac
  COMPREPLY=($(compgen -W "$words $everywhere" -- "$word"))
}

# What this agent has; nothing where it does not run.
_qcloud_features() {
  qcloud --json manifest 2>/dev/null | tr ',{' '\n\n' | sed -n 's/^ *"name": *"\([a-z_]*\)".*/\1/p' | sort -u
}
complete -F _qcloud qcloud
