
# ---- Packages ---------------------------------------------------------------------------------

# What holds the tunnel, autossh or plain ssh: as asked, else as it is, else autossh if it can be
# had.
choose_program() {
  [[ $ENABLE_EPEL == no || $FAMILY == rhel ]] ||
    fail "$USAGE" '--enable-epel is for relatives of RHEL.' 'Run this again without it.'
  MAY_BE_PLAIN=no
  [[ -z $PROGRAM ]] || return 0
  PROGRAM=autossh
  if grep -qs '^ExecStart=/usr/bin/ssh ' "$UNIT_FILE"; then
    PROGRAM=ssh
  else
    MAY_BE_PLAIN=yes
  fi
}

# The packages whose commands are missing here.
missing_packages() {
  local client=openssh-client
  [[ $FAMILY == debian ]] || client=openssh-clients
  [[ -x /usr/bin/ssh && -x /usr/bin/ssh-keygen ]] || tell "$client"
  [[ $PROGRAM == ssh || -x /usr/bin/autossh ]] || tell autossh
}

# Installs what is missing and nothing else; where all is there, the package manager is not asked.
install_packages() {
  local package
  phase 'Packages'
  if [[ -z $(missing_packages) ]]; then
    say 'Nothing to install.'
    return
  fi
  SECONDS_WAITED=0
  LISTS_ARE_FRESH=no
  finish_interrupted
  for package in $(missing_packages); do
    [[ $package != autossh || $ENABLE_EPEL == no ]] || install_epel
    if knows_package "$package"; then
      install_package "$package"
    elif [[ $package == autossh && $MAY_BE_PLAIN == yes ]]; then
      say 'No package source of this host has autossh: plain ssh under systemd does its work.'
      PROGRAM=ssh
    else
      show_package_output
      fail "$PACKAGES" "No package source of this host has $package." "$(other_way "$package")"
    fi
  done
}

other_way() {
  if [[ $1 == autossh ]]; then
    tell 'Do without it: run this again with --plain-ssh.'
  else
    tell 'Mend the package sources, or install it yourself, and run this again.'
  fi
}

# dpkg refuses everything until what was cut short is finished.
finish_interrupted() {
  [[ $PACKAGE_MANAGER == apt-get ]] || return 0
  await_package_manager
  local unfinished='(unpacked|half-configured|triggers-pending|triggers-awaited)'
  # shellcheck disable=SC2016 # dpkg-query expands it
  [[ $(dpkg-query -W -f ' ${db:Status-Status}' 2>/dev/null) =~ $unfinished ]] ||
    [[ -n $(ls /var/lib/dpkg/updates) ]] || return 0
  say 'An earlier installation of packages was cut short; finishing it with dpkg --configure -a.'
  patiently without_dialogs dpkg --force-confdef --force-confold --configure -a ||
    show_package_output
}

# Extra Packages for Enterprise Linux: where autossh is for RHEL and its relatives.
install_epel() {
  local name
  for name in epel-release "oracle-epel-release-el$(rpm -E %rhel)"; do
    ! rpm -q "$name" >/dev/null || return 0
    ! knows_package "$name" || {
      install_package "$name"
      return
    }
  done
  fail "$PACKAGES" 'No package source of this host has epel-release.' \
    'Set EPEL up as docs.fedoraproject.org/en-US/epel says, or use --plain-ssh.'
}

knows_package() {
  if [[ $PACKAGE_MANAGER != apt-get ]]; then
    patiently manage_packages info "$1"
    return
  fi
  has_candidate "$1" || {
    refresh_lists
    has_candidate "$1"
  }
}

has_candidate() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'  Candidate: '[!\(]* ]]; }

# Once, and only where it helps. One broken source is no reason to stop: what counts is whether
# the package is to be had.
refresh_lists() {
  [[ $PACKAGE_MANAGER == apt-get && $LISTS_ARE_FRESH == no ]] || return
  LISTS_ARE_FRESH=yes
  patiently manage_packages update || true
}

install_package() {
  say "Installing $1."
  record package "$1"
  patiently manage_packages install "$1" ||
    { refresh_lists && patiently manage_packages install "$1"; } || {
    show_package_output
    fail "$PACKAGES" "$PACKAGE_MANAGER could not install $1; the reason stands above." \
      'Mend that, or install it yourself, and run this again.'
  }
}

# remove_package NAME: takes away what an installation put here, unless others need it by now.
remove_package() {
  local remove='dpkg --purge'
  if [[ $FAMILY == rhel ]]; then
    rpm -q "$1" >/dev/null || return 0
    remove='rpm -e'
  fi
  # shellcheck disable=SC2086 # two words
  run $remove "$1" || warn "The package $1 was left; the reason stands above."
}
