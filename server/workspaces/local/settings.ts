import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { rootCertificates } from 'node:tls'

/**
 * The shell's start file. OSC 133 marks tell the page when a command began and ended; they are a courtesy and never evidence.
 * PS0 and PROMPT_COMMAND instead of a DEBUG trap: bash 4.4 and newer, and nothing to break when the learner sets traps.
 */
const BASHRC = String.raw`# Settings of a lab's shell. Your own go into ~/.bashrc, which is read first.
[ -f ~/.bashrc ] && . ~/.bashrc
shopt -s checkwinsize histappend
HISTSIZE=5000 HISTFILESIZE=5000 HISTCONTROL=ignoredups
alias ls='ls --color=auto' grep='grep --color=auto'
# Istio that was downloaded in another terminal is found in this one too.
for __lab_bin in ~/istio-*/bin; do [ -d "$__lab_bin" ] && PATH="$__lab_bin:$PATH"; done; unset __lab_bin
__lab_prompt() { local code=$?; printf '\e]133;D;%s\a' "$code"; history -a; return "$code"; }
PROMPT_COMMAND=__lab_prompt
PS0='\e]133;C\a'
PS1='\[\e]133;A\a\]\[\e[32m\]learner@lab\[\e[0m\]:\[\e[34m\]\w\[\e[0m\]$ \[\e]133;B\a\]'
`

const PASSWD = `root:x:0:0:root:/root:/bin/sh
learner:x:1000:1000:Learner:/home/learner:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
`
const GROUP = 'root:x:0:\nlearner:x:1000:\nnogroup:x:65534:\n'

/** Writes what shells of a workspace read: start file, names, and the certificates that clients trust (the mirrors' among them). */
export async function writeSettings(folder: string, certificateOfMirrors: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const files = {
    bashrc: BASHRC,
    passwd: PASSWD,
    group: GROUP,
    'ca.crt': [...rootCertificates, certificateOfMirrors].join('\n'),
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(folder, name), text)
    // Shells may be another user's; the folder says who comes near.
    await chmod(path.join(folder, name), 0o644)
  }
}
