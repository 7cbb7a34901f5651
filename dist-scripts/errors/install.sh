#!/bin/sh
# There is no installer at this address; this only says why. An answer of 404 would leave
# "curl -f ... | bash" silent and successful.
{
  printf 'error: %s (%s)\n' 'no tunnel server has joined for this tunnel yet' 'region-empty' >&2
  printf '       %s\n' 'Try again later, or tell the vendor.' >&2
  exit 6
}
