
# ---- This system ------------------------------------------------------------------------------

# The system's name, its family and its package manager; empty where unknown.
read_os_release() {
  local release=/etc/os-release ids id
  [[ -r $release ]] || release=/usr/lib/os-release
  # shellcheck source=/dev/null # read in a shell of its own, so that its names touch none of ours
  OS_NAME=$(unset PRETTY_NAME && . "$release" 2>/dev/null && printf '%s' "${PRETTY_NAME-}")
  # shellcheck source=/dev/null
  ids=$(
    unset ID ID_LIKE
    . "$release" 2>/dev/null && printf '%s %s' "${ID-}" "${ID_LIKE-}"
  )
  FAMILY=''
  PACKAGE_MANAGER=''
  # Its own name comes first, then those it is like, the closest first.
  for id in $ids; do
    case $id in
      debian | ubuntu) FAMILY=debian ;;
      rhel | fedora | centos | rocky | almalinux | ol | amzn) FAMILY=rhel ;;
      *) continue ;;
    esac
    break
  done
  case $FAMILY in
    debian) first_of PACKAGE_MANAGER apt-get ;;
    rhel) first_of PACKAGE_MANAGER dnf yum ;;
  esac
}

# first_of VARIABLE COMMAND...: puts the first of them that this host has into the variable.
first_of() {
  local variable=$1
  shift
  while (($# > 0)) && ! has "$1"; do shift; done
  printf -v "$variable" '%s' "${1-}"
}
