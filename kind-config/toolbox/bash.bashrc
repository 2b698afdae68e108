# For every interactive shell of a learner: completion, and `k` for kubectl.
case $- in *i*) ;; *) return ;; esac
if [ -r /usr/share/bash-completion/bash_completion ]; then
  . /usr/share/bash-completion/bash_completion
fi
alias k=kubectl
if declare -F __start_kubectl >/dev/null; then complete -o default -F __start_kubectl k; fi
