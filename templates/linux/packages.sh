
# ---- Packages ---------------------------------------------------------------------------------

# Installs what is missing and nothing else; where all is there, the package manager is not asked.
install_packages() {
  local packages package
  phase 'Packages'
  mapfile -t packages < <(missing_packages)
  if ((${#packages[@]} == 0)); then
    say 'Nothing to install.'
    return
  fi
  say "Installing ${packages[*]}."
  for package in "${packages[@]}"; do record package "$package"; done
  apt_install "${packages[@]}" || {
    run apt_get update
    apt_install "${packages[@]}"
  } ||
    fail "$PACKAGES" "apt could not install ${packages[*]}; the reason stands above." \
      'Mend that, or install them yourself, and run this again.'
}

apt_install() {
  # A package that apt has not heard of is no error worth showing before the lists are fresh.
  apt-cache show "$@" >/dev/null 2>&1 &&
    run apt_get install --yes --no-install-recommends "$@"
}

# remove_package NAME: takes away what an installation put here, unless others need it by now.
remove_package() {
  run dpkg --purge "$1" || warn "The package $1 was left; the reason stands above."
}

# No dialogs: neither debconf nor needrestart nor apt-listchanges may wait for an answer.
apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none \
    apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}
