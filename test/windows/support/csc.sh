#!/bin/bash
# Stands in for the compiler of .NET Framework: Mono's, which takes the same words. What it makes is
# a script that has Mono run the program, so that the path itself can be run. Mono closes each
# possible descriptor whenever it starts a program, so there had better be few.
world=$(cd "$(dirname "$0")/../../../.." && pwd)
words=() out=
for word; do
  case $word in
    -out:*) out=${word#-out:} ;;
    *) words+=("$word") ;;
  esac
done
real=$world/built/$(basename "$(dirname "$out")").exe
mcs -langversion:5 "${words[@]}" -out:"$real" || exit
# shellcheck disable=SC2016 # the script that is made expands it
printf '#!/bin/sh\nulimit -n 1024\nexec mono '"'%s'"' "$@"\n' "$real" >"$out"
chmod 0755 "$out"
