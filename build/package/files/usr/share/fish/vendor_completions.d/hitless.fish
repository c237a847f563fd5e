# Completion for fish: hitless itself knows its commands.
complete -c hitless -f -a '(hitless "[suggest:"(commandline -C)"]" (commandline -p) 2>/dev/null)'
