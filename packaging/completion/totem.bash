# bash completion for totem(1)

_totem() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words='' verb=${COMP_WORDS[2]-}
	local common='--data --config --set --json --help'
	local queues='webhooks messages crm-api-whatsapp-inbound support-bridge-inbound support-bridge-crm-mirror
		orchestrator-inbound support-bridge-outbound support-bridge-status'

	if [ "$COMP_CWORD" -eq 1 ]; then
		words='serve init check migrate token user config queue send lookup tail replay prove version help'
	else
		case $prev in
		--data) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
		--config) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
		esac
		case ${COMP_WORDS[1]} in
		serve) words="--listen --hooks-listen --with-parent $common" ;;
		init) words="--print $common" ;;
		token) words="create list revoke --scopes $common" ;;
		user)
			case $prev in
			--role) words='owner technician agent viewer' ;;
			--language) words='es pt en' ;;
			--password) words=- ;;
			*) words="list add reset-password role disable enable reset-totp --role --name --language --password $common" ;;
			esac
			;;
		config) words="list get set unset $common" ;;
		queue)
			case $verb in
			show | pause | resume | drain | clear) words="$queues --for --yes $common" ;;
			*) words="list show pause resume drain clear $common" ;;
			esac
			;;
		lookup) words="$common" ;;
		send) words="--to --text --channel $common" ;;
		tail) words="--count --after $common" ;;
		replay) words="--from --to --source --dry-run $common" ;;
		version) words="--verbose $common" ;;
		help) words='serve init check migrate token user config queue send lookup tail replay prove version' ;;
		*) words=$common ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _totem totem
