# a - b: two namespaces and a veth pair, va and vb, with IPv6 for those who ask
# and silence for those who do not, so that every packet counted is one sent by
# a test. Lives until its standard input ends.
set -eu
mount -t tmpfs none /run
mkdir /run/netns
ip netns add a
ip netns add b
for n in a b; do
    ip -n $n link set lo up
    [ "$1" = ipv6 ] || ip netns exec $n sysctl -qw net.ipv6.conf.default.disable_ipv6=1
done
ip link add va netns a address 02:00:00:00:00:0a type veth peer name vb netns b address 02:00:00:00:00:0b
ip -n a link set va up
ip -n b link set vb up
if [ "$1" = ipv6 ]; then
    ip -n a address add 2001:db8::a/64 dev va nodad
    ip -n b address add 2001:db8::b/64 dev vb nodad
    ip -n a neighbour add 2001:db8::b lladdr 02:00:00:00:00:0b dev va
fi
echo ready
cat > /dev/null
