# SPDX-License-Identifier: MIT
# The one place where the architecture must be the guest's.
# interp: yes
# arch: yes
uname -m
uname -s
arch
