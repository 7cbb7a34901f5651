
# ---- Package manager: apt, dnf or yum, without dialogs ----------------------------------------

manage_packages() {
  if [[ $PACKAGE_MANAGER == apt-get ]]; then
    without_dialogs apt-get -qq --yes --no-install-recommends -o Acquire::http::Timeout=20 \
      -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
  else
    # The sources that answer will do. dnf waits for others without end, hence the time limit.
    without_dialogs timeout -k 60 900 "$PACKAGE_MANAGER" -q -y \
      --setopt='*.skip_if_unavailable=1' --setopt=install_weak_deps=0 "$@"
  fi
}

# Neither debconf nor needrestart may ask; without a terminal of its own, no other script can.
without_dialogs() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none \
    UCF_FORCE_CONFFOLD=1 setsid "$@"
}
