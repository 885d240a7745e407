#!/usr/bin/env bash
# Remakes the captures in this directory: with sr6's own crafter, with real
# kernels in sr6's own lab, and with editcap, tcpdump and scapy for the file
# formats that sr6 does not write. README.md beside this file says what each
# one shows.
#
#   cargo build --release && testdata/make.sh
#
# Crafted captures come out the same each time. What a kernel made does not:
# times, ports and flow labels are new.
set -euo pipefail
cd "$(dirname "$0")"
sr6=${SR6:-$PWD/../target/release/sr6}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

eth='eth(src=02:00:00:00:00:12, dst=02:00:00:00:00:21)'
ip="ip6(src=2001:db8::1)"
path='srh(path=[2001:db8::2, 2001:db9::1])'
hello='"Hello, I am here\n"'
article="$eth/$ip/$path/udp(sport=51129, dport=3000)/$hello"

# craft FILE NOTATION...: a capture with fixed times.
craft() { "$sr6" craft --time 1700000000.000001 -w "$@"; }

# segments N: N addresses, comma separated, the last one the article's.
segments() {
    local i
    for ((i = 1; i < $1; i++)); do printf '2001:db8:0:%x::1, ' "$i"; done
    printf '2001:db9::1'
}

# --- crafted -----------------------------------------------------------------
craft crafted/article.pcap "$article"
craft crafted/raw.pcap "$ip/$path/udp(sport=51129, dport=3000)/$hello"
craft crafted/null.pcap "null/$ip/$path/udp(sport=51129, dport=3000)/$hello"
craft crafted/reduced.pcap \
    "$eth/ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db8:0:2::1, 2001:db9::1], reduced)/udp(sport=1, dport=2)/$hello"
craft crafted/two-srhs.pcap \
    "$eth/ip6(src=2001:db8::1, dst=2001:db8::2)/srh(path=[2001:db8::2, 2001:db8::3])/srh(path=[2001:db8::3, 2001:db9::1])/udp(sport=1, dport=2)/$hello"
craft crafted/segments-15.pcap "$eth/$ip/srh(path=[$(segments 15)])/udp(sport=1, dport=2)/$hello"
craft crafted/segments-127.pcap "$eth/$ip/srh(path=[$(segments 127)])/udp(sport=1, dport=2)/$hello"
craft crafted/inner.pcap \
    "$eth/$ip/$path/ip4(src=10.0.0.1, dst=10.0.0.2)/tcp(sport=1024, dport=80, flags=S)" \
    "$eth/$ip/$path/ip6(src=fc00::1, dst=fc00::2)/udp(sport=53, dport=53)/$hello" \
    "$eth/$ip/$path/eth(src=02:00:00:00:00:01, dst=02:00:00:00:00:02)/vlan(id=7)/ip4(src=10.0.0.1, dst=10.0.0.2)/icmp4(type=echo, id=1, seq=2)/$hello" \
    "$eth/$ip/$path/icmp6(type=echo, id=3, seq=4)/$hello" \
    "$eth/$ip/$path/tcp(sport=1024, dport=80, seq=1, ack=2, flags=PA)/$hello"
craft crafted/vlan.pcap \
    "eth(src=02:00:00:00:00:12, dst=02:00:00:00:00:21)/vlan(id=7, pcp=3)/$ip/$path/udp(sport=1, dport=2)/$hello" \
    "eth(src=02:00:00:00:00:12, dst=02:00:00:00:00:21)/vlan(id=100)/vlan(id=7)/$ip/$path/udp(sport=1, dport=2)/$hello"
craft crafted/tlvs.pcap \
    "$eth/$ip/srh(path=[2001:db8::2, 2001:db9::1], tlvs=[padn(8)])/udp(sport=1, dport=2)/$hello" \
    "$eth/$ip/srh(path=[2001:db8::2, 2001:db9::1], tlvs=[tlv(9, 00ff00), padn(3)])/udp(sport=1, dport=2)/$hello"
craft crafted/wrong.pcap \
    "$eth/ip6(src=2001:db8::1, dst=2001:db8::2)/srh(path=[2001:db8::2, 2001:db9::1], sl=9)/udp(sport=1, dport=2)/$hello" \
    "$eth/ip6(src=2001:db8::1, dst=2001:db8::2)/srh(path=[2001:db8::2, 2001:db9::1], last=7)/udp(sport=1, dport=2)/$hello" \
    "$eth/$ip/srh(path=[2001:db8::2, 2001:db9::1], tlvs=[09c80000000000ff])/udp(sport=1, dport=2)/$hello" \
    "$eth/$ip/$path/udp(sport=1, dport=2, cksum=bad)/$hello" \
    "$eth/$ip/$path/udp(sport=1, dport=2, cksum=0)/$hello"
craft crafted/zoo.pcapng -f recipes/zoo.sr6

# --- one of each diagnosis, and a neighbour without it -----------------------
# packet FILE RECIPE: a capture of one packet, of which 'cut N:' before the
# notation leaves the last N bytes out.
packet() {
    local recipe=$2
    craft "$1" "${recipe#cut *: }"
    if [[ $recipe = "cut "* ]]; then
        local missing=${recipe#cut } size
        # Behind the headers of the file and of its only record.
        size=$(($(stat -c %s "$1") - 24 - 16))
        editcap -F pcap -s $((size - ${missing%%:*})) "$1" "$work/cut.pcap"
        mv "$work/cut.pcap" "$1"
    fi
}
grep -Ev '^(#|$)' diagnoses/recipes | while read -r id && read -r trigger && read -r neighbour; do
    packet "$work/1.pcap" "$trigger"
    packet "$work/2.pcap" "$neighbour"
    mergecap -a -F pcap -w "diagnoses/$id.pcap" "$work/1.pcap" "$work/2.pcap"
    {
        printf 'hmac-keys hmac-keys\npackets == 2\n'
        printf 'packet 1: diag == "%s"\npacket 2: not diag == "%s"\n' "$id" "$id"
        printf 'golden line\n'
        # The trees of packets within packets are long.
        case $id in dissect.*) printf 'golden tree -O frame\n' ;; *) printf 'golden tree\ngolden json\n' ;; esac
    } > "diagnoses/$id.check"
done
# No notation writes a frame of a link type that nobody dissects.
editcap -F pcap -T user0 crafted/article.pcap diagnoses/link.unknown.pcap
printf 'packet 1: diag == "link.unknown"\ngolden line\ngolden tree\ngolden json\n' > diagnoses/link.unknown.check

# --- file formats ------------------------------------------------------------
editcap -F pcapng crafted/article.pcap formats/article.pcapng
editcap -F nsecpcap crafted/article.pcap formats/nanoseconds.pcap
editcap -s 80 crafted/inner.pcap formats/snaplen.pcap
head -c -9 crafted/inner.pcap > formats/cut.pcap
head -c 20 crafted/article.pcap > formats/cut-header.pcap
printf 'this is no capture\n' > formats/no-capture.pcap
/usr/bin/python3 - <<'PY' 2>/dev/null
from scapy.utils import PcapWriter, rdpcap
for name, nano in (("big-endian", False), ("big-endian-nanoseconds", True)):
    with PcapWriter(f"formats/{name}.pcap", endianness=">", nano=nano) as out:
        for packet in rdpcap("crafted/article.pcap"):
            out.write(packet)
PY

# --- kernels -----------------------------------------------------------------
"$sr6" demo --keep kernel > "$work/demo"

# record FILE TOPOLOGY NODE INTERFACE [TCPDUMP OPTION...] -- COMMAND: what the
# interface sees while n1 runs the command.
record() {
    local file=$1 topology=$2 node=$3 interface=$4 options=()
    shift 4
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    # A directory that root without privileges over the outside may write to.
    "$sr6" lab run "$topology" "$node" -- sh -c '
        file=$1 interface=$2 command=$3; shift 3
        tcpdump -U --immediate-mode -Z root -i "$interface" -w "$file" "$@" ip6 proto 43 or icmp6 2> "$file.log" & tcpdump=$!
        until grep -q listening "$file.log"; do sleep 0.05; done
        ip netns exec n1 sh -c "$command"
        sleep 0.3; kill -INT "$tcpdump"; wait "$tcpdump"' - "$work/capture" "$interface" "$*" "${options[@]}" < /dev/null
    mv "$work/capture" "$file"
}
send="$sr6 send --via raw6"
ping="$send 'ip6(src=2001:db8::1, dst=2001:db9::1)/icmp6(type=echo, id=21046, seq=1)/\"ping\"'"
for mode in encap encap.red inline; do
    sed "s/@MODE@/$mode/" topologies/headend.toml > "$work/headend.toml"
    command=$ping
    # What a raw socket sends with its own header is never inlined into.
    [ "$mode" = inline ] && command="$sr6 client 2001:db9::1 3000 --data inlined"
    record "kernel/$mode.pcap" "$work/headend.toml" n1 v12 -- "$command"
done
record kernel/any-sll.pcap line3 n2 any -y LINUX_SLL -- "$send '$ip/$path/udp(sport=51129, dport=3000)/$hello'"
record kernel/any-sll2.pcap line3 n2 any -y LINUX_SLL2 -- "$send '$ip/$path/udp(sport=51129, dport=3000)/$hello'"
record kernel/errors.pcap "$PWD/topologies/errors.toml" n1 v12 -- "
    $send '$ip/$path/udp(sport=51129, dport=9)/$hello'
    $send 'ip6(src=2001:db8::1, hlim=1)/$path/udp(sport=51129, dport=33434)/$hello'
    $send 'ip6(src=2001:db8::1, dst=2001:db8::2)/srh(path=[2001:db8::2, 2001:db9::1], sl=9)/udp(sport=51129, dport=3000)/$hello'"

# --- goldens -----------------------------------------------------------------
"$sr6" check --update . || true
