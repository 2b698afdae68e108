#!/bin/bash
# Writes a root file system to standard output, as a tar archive: programs of this machine with the libraries that they need, and no
# package manager. For machines that reach no image registry:
#   kind-config/images/root-file-system.sh sample | docker import - labwright/base:sample
# The argument says for what: `sample` (programs of labs) or `workspace` (a learner's shells). Needs glibc, ldd, tar and Node.js on the PATH.
set -euo pipefail

kind=${1:-sample}
required='node sh bash cat ls sleep seq sort uniq grep sed awk curl env id date head tail wc tr cut mkdir rm cp mv ln touch chmod'
wanted='[ base64 basename chown cmp comm dd df diff dig dirname du echo expr false find free getent getopt gunzip gzip host hostname ip jq
  kill less md5sum mktemp nc nl nproc nslookup od openssl paste pgrep ping pkill printenv printf ps pwd readlink realpath sha256sum
  ss stat stdbuf tac tar tee test timeout top true uname vi wget whoami xargs yes'
workspace='vim nano clear reset tput infocmp stty tty nohup which zcat watch envsubst patch file make mkfifo truncate'
case $kind in
  sample) ;;
  workspace) required="$required git jq tar install uname"; wanted="$wanted $workspace" ;;
  *) echo "root-file-system.sh: there is no kind \"$kind\": say sample or workspace" >&2; exit 2 ;;
esac

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
for folder in bin sbin lib lib64; do
  mkdir -p "$root/usr/$folder"
  ln -s "usr/$folder" "$root/$folder"
done
mkdir -p "$root"/{dev,etc/ssl/certs,home/app,mnt,opt,proc,root,run,sys,tmp,usr/local/bin,usr/share,var/log,var/tmp,usr/share/nginx/html}
ln -s /run "$root/var/run"
chmod 1777 "$root/tmp" "$root/var/tmp"

# The libraries of a program, and the loader that its first bytes name.
libraries() { ldd "$1" 2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' || true; }
with_libraries() {
  libraries "$1" | while read -r library; do
    # /lib is /usr/lib here, whatever it is on this machine.
    local target=$root/usr/${library#/}
    target=${target/usr\/usr/usr}
    [ -e "$target" ] || install -D "$(readlink -f "$library")" "$target"
  done
}
add() {
  local path
  path=$(type -P "$1") || return 1
  local real
  real=$(readlink -f "$path")
  # A program of busybox's or uutils' is found by its name alone.
  case ${real##*/} in
    busybox | coreutils) 
      install "$real" "$root/usr/bin/${real##*/}"
      [ "$1" = "${real##*/}" ] || ln -s "${real##*/}" "$root/usr/bin/$1"
      ;;
    *) install "$real" "$root/usr/bin/$1" ;;
  esac
  with_libraries "$real"
}
missing=()
for name in $required; do add "$name" || missing+=("$name"); done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "root-file-system.sh: this machine lacks ${missing[*]}: install them, or build from a registry's image" >&2
  exit 1
fi
applets=$(busybox --list 2>/dev/null || true)
for name in $wanted; do
  add "$name" && continue
  # What the machine lacks, its busybox may have.
  if grep -qx -- "$name" <<<"$applets"; then
    [ -e "$root/usr/bin/busybox" ] || add busybox
    ln -s busybox "$root/usr/bin/$name"
  fi
done
# Names and addresses, and what opens terminals: found at run time, so that ldd does not list them.
for library in $(ldconfig -p 2>/dev/null | grep -oE '/[^ ]+(libnss_(files|dns)\.so\.2|libutil\.so\.1)' || true); do
  target=$root/usr/${library#/}
  install -D "$(readlink -f "$library")" "${target/usr\/usr/usr}"
done
[ -e /etc/ssl/certs/ca-certificates.crt ] && cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
for terminal in xterm xterm-256color screen tmux linux vt100 dumb; do
  for folder in /lib/terminfo /usr/share/terminfo /etc/terminfo; do
    [ -e "$folder/${terminal:0:1}/$terminal" ] || continue
    install -D "$(readlink -f "$folder/${terminal:0:1}/$terminal")" "$root/usr/share/terminfo/${terminal:0:1}/$terminal"
    break
  done
done
{
  echo 'root:x:0:0:root:/root:/bin/bash'
  for id in 100 999 1000 1001 65532 65535; do echo "app$id:x:$id:$id::/home/app:/bin/sh"; done
  echo 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false'
} | sed 's/^app1000:/app:/' >"$root/etc/passwd"
awk -F: '{ print $1 ":x:" $4 ":" }' "$root/etc/passwd" | sed 's/^nobody/nogroup/' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
cp /etc/os-release "$root/etc/os-release" 2>/dev/null || true
[ -e /etc/protocols ] && cp -L /etc/protocols /etc/services "$root/etc/"

if [ "$kind" = workspace ]; then
  for folder in /usr/share/bash-completion /usr/share/vim /usr/share/nano /usr/share/git-core /usr/lib/git-core; do
    [ -e "$folder" ] || continue
    mkdir -p "$root${folder%/*}"
    cp -a "$folder" "$root${folder%/*}/"
  done
  for program in "$root"/usr/lib/git-core/*; do [ -L "$program" ] || with_libraries "$program"; done
fi
# Nobody but root may change what is in the image, and times do not make it another.
tar -C "$root" --sort=name --owner=0 --group=0 --mtime=@0 --numeric-owner -cf - .
