# n1 - n2 - n3 by nothing but iproute2, inside a user, network and mount
# namespace of its own. Lives until its standard input ends.
set -eu
mount -t tmpfs none /run
mkdir /run/netns

node() {
    ip netns add "$1"
    ip -n "$1" link set lo up
    ip netns exec "$1" sysctl -qw net.ipv6.conf.all.seg6_enabled=1 net.ipv6.conf.default.seg6_enabled=1
}
address() {
    ip -n "$1" address add "$3" dev "$2" nodad
    ip -n "$1" link set "$2" up
}

for n in n1 n2 n3; do node $n; done
ip link add v12 netns n1 type veth peer name v21 netns n2
ip link add v23 netns n2 type veth peer name v32 netns n3
address n1 v12 2001:db8::1/64
address n2 v21 2001:db8::2/64
address n2 v23 2001:db9::2/64
address n3 v32 2001:db9::1/64
ip -n n1 address add fe80::1/64 dev v12 nodad
ip -n n2 address add fe80::2/64 dev v21 nodad
ip netns exec n2 sysctl -qw net.ipv6.conf.all.forwarding=1
# n1 knows no way to n3 but through the segment on n2; answers need one back.
ip -n n3 route add 2001:db8::/64 via 2001:db9::2
echo ready
cat > /dev/null
