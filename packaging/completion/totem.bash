# bash completion for totem(1). Made by: totem help --bash

_totem() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=''
	local common='--data --config --set --json --help'
	local commands='serve init check doctor support-bundle migrate token user config queue send chatwoot lookup tail replay prove backup export verify restore bench debug version help'

	case $prev in
	--data | --to | --from) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--config | --passphrase-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	esac
	case $COMP_CWORD:${COMP_WORDS[1]} in
	1:* | *:help) words=$commands ;;
	*:serve) words="--listen --hooks-listen --with-parent $common" ;;
	*:init) words="--print $common" ;;
	*:check) words="--lang $common" ;;
	*:doctor) words="--lang $common" ;;
	*:support-bundle) words="$common" ;;
	*:migrate) words="$common" ;;
	*:token) words="create list revoke --scopes $common" ;;
	*:user) words="list add reset-password role disable enable reset-totp --role --name --language --password $common" ;;
	*:config) words="list diff get set unset $common" ;;
	*:queue) words="list show pause resume drain clear --for --yes webhooks messages crm-api-whatsapp-inbound support-bridge-inbound support-bridge-crm-mirror orchestrator-inbound support-bridge-outbound support-bridge-status media upkeep message-acts support-bridge-state support-bridge-agent support-bridge-media $common" ;;
	*:send) words="--to --text --channel --media-id --type --template --body $common" ;;
	*:chatwoot) words="setup show --url --webhook-base --token --account --inbox --language --lang $common" ;;
	*:lookup) words="$common" ;;
	*:tail) words="--count --after $common" ;;
	*:replay) words="--from --to --source --dry-run $common" ;;
	*:prove) words="--lang $common" ;;
	*:backup) words="make list copy stick send fetch --to --fast --no-check --prepare --passphrase-file $common" ;;
	*:export) words="person --out --format --from --to $common" ;;
	*:verify) words="--all --from --passphrase-file $common" ;;
	*:restore) words="--without-key --resume --passphrase-file $common" ;;
	*:bench) words="--seconds $common" ;;
	*:debug) words="message delivery letter conversation job --words $common" ;;
	*:version) words="--verbose $common" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _totem totem
