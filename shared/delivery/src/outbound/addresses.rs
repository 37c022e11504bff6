//! Which addresses are public: the IANA registries of special-purpose addresses.
//!
//! <https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>.
//! `IpAddr::is_global` of the standard library is not stable. The crates with such a function have had no release since 2021
//! and miss the blocks that were registered later (`5f00::/16`, `3fff::/20`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

const fn v4(a: u8, b: u8, c: u8, length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, 0)), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), length)
}

const NOT_PUBLIC_V4: [IpNet; 17] = [
    v4(0, 0, 0, 8),       // this network
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // shared by the customers of a carrier
    v4(127, 0, 0, 8),     // loopback
    v4(169, 254, 0, 16),  // link-local: metadata of instances and of functions
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24), // protocol assignments: DS-Lite, the relays of the own network (PCP, TURN)
    v4(192, 0, 2, 24), // documentation
    v4(192, 31, 196, 24), // AS112: answers DNS queries for private addresses
    v4(192, 52, 193, 24), // AMT: relays of multicast
    v4(192, 88, 99, 24), // relays of 6to4, 6a44
    v4(192, 168, 0, 16), // private
    v4(192, 175, 48, 24), // AS112
    v4(198, 18, 0, 15), // benchmarks
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24), // documentation
    v4(224, 0, 0, 3),  // multicast, reserved, broadcast
];

/// Only this block has unicast addresses in use; all others are reserved, local or multicast.
const UNICAST: IpNet = v6(0x2000, 0, 0, 3);

const NOT_PUBLIC_V6: [IpNet; 4] = [
    v6(0x2001, 0, 0, 23), // protocol assignments: Teredo, benchmarks, ORCHID, relays
    v6(0x2001, 0x0db8, 0, 32), // documentation
    v6(0x2620, 0x4f, 0x8000, 48), // AS112
    v6(0x3fff, 0, 0, 20), // documentation
];

/// Blocks whose addresses contain an IPv4 address, with the place of its first byte.
const WITH_V4: [(IpNet, usize); 3] = [
    (
        IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0)), 96),
        12,
    ), // mapped
    (v6(0x0064, 0xff9b, 0, 96), 12), // NAT64
    (v6(0x2002, 0, 0, 16), 2),       // 6to4
];

/// Whether a receiver can have this address. An address that contains another counts as the other.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    let is_in = |blocks: &[IpNet]| blocks.iter().any(|block| block.contains(&address));
    match address {
        IpAddr::V4(_) => !is_in(&NOT_PUBLIC_V4),
        IpAddr::V6(outer) => match inner(outer) {
            Some(inner) => is_public(IpAddr::V4(inner)),
            None => UNICAST.contains(&address) && !is_in(&NOT_PUBLIC_V6),
        },
    }
}

/// The IPv4 address in an IPv6 address.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (_, at) = WITH_V4
        .iter()
        .find(|(block, _)| block.contains(&IpAddr::V6(address)))?;
    let bytes = address.octets();
    let bytes: [u8; 4] = bytes.get(*at..at + 4)?.try_into().ok()?;
    Some(Ipv4Addr::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Globally Reachable" in the registry: True, False, or not applicable.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Reachable {
        True,
        False,
        NotApplicable,
    }
    use Reachable::{False, NotApplicable, True};

    /// Every row of both registries as of 2025-10: block, name, globally reachable.
    const REGISTRIES: &[(&str, &str, Reachable)] = &[
        ("0.0.0.0/8", "This network", False),
        ("0.0.0.0/32", "This host on this network", False),
        ("10.0.0.0/8", "Private-Use", False),
        ("100.64.0.0/10", "Shared Address Space", False),
        ("127.0.0.0/8", "Loopback", False),
        ("169.254.0.0/16", "Link Local", False),
        ("172.16.0.0/12", "Private-Use", False),
        ("192.0.0.0/24", "IETF Protocol Assignments", False),
        ("192.0.0.0/29", "IPv4 Service Continuity Prefix", False),
        ("192.0.0.8/32", "IPv4 dummy address", False),
        ("192.0.0.9/32", "Port Control Protocol Anycast", True),
        (
            "192.0.0.10/32",
            "Traversal Using Relays around NAT Anycast",
            True,
        ),
        ("192.0.0.170/32", "NAT64/DNS64 Discovery", False),
        ("192.0.0.171/32", "NAT64/DNS64 Discovery", False),
        ("192.0.2.0/24", "Documentation (TEST-NET-1)", False),
        ("192.31.196.0/24", "AS112-v4", True),
        ("192.52.193.0/24", "AMT", True),
        (
            "192.88.99.0/24",
            "Deprecated (6to4 Relay Anycast)",
            NotApplicable,
        ),
        ("192.88.99.2/32", "6a44-relay anycast address", False),
        ("192.168.0.0/16", "Private-Use", False),
        ("192.175.48.0/24", "Direct Delegation AS112 Service", True),
        ("198.18.0.0/15", "Benchmarking", False),
        ("198.51.100.0/24", "Documentation (TEST-NET-2)", False),
        ("203.0.113.0/24", "Documentation (TEST-NET-3)", False),
        ("240.0.0.0/4", "Reserved", False),
        ("255.255.255.255/32", "Limited Broadcast", False),
        ("::1/128", "Loopback Address", False),
        ("::/128", "Unspecified Address", False),
        ("::ffff:0:0/96", "IPv4-mapped Address", False),
        ("64:ff9b::/96", "IPv4-IPv6 Translat.", True),
        ("64:ff9b:1::/48", "IPv4-IPv6 Translat.", False),
        ("100::/64", "Discard-Only Address Block", False),
        ("100:0:0:1::/64", "Dummy IPv6 Prefix", False),
        ("2001::/23", "IETF Protocol Assignments", False),
        ("2001::/32", "TEREDO", NotApplicable),
        ("2001:1::1/128", "Port Control Protocol Anycast", True),
        (
            "2001:1::2/128",
            "Traversal Using Relays around NAT Anycast",
            True,
        ),
        (
            "2001:1::3/128",
            "DNS-SD Service Registration Protocol Anycast",
            True,
        ),
        ("2001:2::/48", "Benchmarking", False),
        ("2001:3::/32", "AMT", True),
        ("2001:4:112::/48", "AS112-v6", True),
        (
            "2001:10::/28",
            "Deprecated (previously ORCHID)",
            NotApplicable,
        ),
        ("2001:20::/28", "ORCHIDv2", True),
        ("2001:30::/28", "Drone Remote ID Protocol Entity Tags", True),
        ("2001:db8::/32", "Documentation", False),
        ("2002::/16", "6to4", NotApplicable),
        ("2620:4f:8000::/48", "Direct Delegation AS112 Service", True),
        ("3fff::/20", "Documentation", False),
        ("5f00::/16", "Segment Routing (SRv6) SIDs", False),
        ("fc00::/7", "Unique-Local", False),
        ("fe80::/10", "Link-Local Unicast", False),
    ];

    /// Globally reachable, but services of the network and never a receiver.
    const NO_RECEIVER: &[&str] = &[
        "192.0.0.9/32",
        "192.0.0.10/32",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.175.48.0/24",
        "2001:1::1/128",
        "2001:1::2/128",
        "2001:1::3/128",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:20::/28",
        "2001:30::/28",
        "2620:4f:8000::/48",
    ];

    /// Blocks that are judged by the address inside.
    const JUDGED_INSIDE: &[&str] = &["::ffff:0:0/96", "64:ff9b::/96", "2002::/16"];

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    /// The first and the last address of a block.
    fn ends(block: &str) -> [IpAddr; 2] {
        let block: IpNet = block.parse().unwrap();
        [block.network(), block.broadcast()]
    }

    #[test]
    fn no_special_block_of_the_registries_is_public() {
        for (block, name, reachable) in REGISTRIES {
            if JUDGED_INSIDE.contains(block) {
                continue;
            }
            let is_stricter = NO_RECEIVER.contains(block);
            assert_eq!(*reachable == True, is_stricter, "{block} {name}");
            for end in ends(block) {
                assert!(!is_public(end), "{block} {name}: {end}");
            }
        }
    }

    #[test]
    fn the_neighbours_of_each_block_are_public_unless_they_are_special_too() {
        for (inside, outside) in [
            ("0.255.255.255", "1.0.0.0"),
            ("10.0.0.0", "9.255.255.255"),
            ("10.255.255.255", "11.0.0.0"),
            ("100.64.0.0", "100.63.255.255"),
            ("100.127.255.255", "100.128.0.0"),
            ("127.0.0.0", "126.255.255.255"),
            ("127.255.255.255", "128.0.0.0"),
            ("169.254.0.0", "169.253.255.255"),
            ("169.254.255.255", "169.255.0.0"),
            ("172.16.0.0", "172.15.255.255"),
            ("172.31.255.255", "172.32.0.0"),
            ("192.0.0.0", "191.255.255.255"),
            ("192.0.0.255", "192.0.1.0"),
            ("192.0.2.0", "192.0.1.255"),
            ("192.0.2.255", "192.0.3.0"),
            ("192.88.99.0", "192.88.98.255"),
            ("192.168.0.0", "192.167.255.255"),
            ("192.168.255.255", "192.169.0.0"),
            ("198.18.0.0", "198.17.255.255"),
            ("198.19.255.255", "198.20.0.0"),
            ("198.51.100.0", "198.51.99.255"),
            ("203.0.113.255", "203.0.114.0"),
            ("224.0.0.0", "223.255.255.255"),
            ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
            ("2001:db8::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8:ffff::", "2001:db9::"),
            ("3fff:fff::", "3fff:1000::"),
            ("1fff:ffff::", "2000::1"),
            ("4000::", "3ffe::1"),
        ] {
            assert!(!public(inside), "{inside}");
            assert!(public(outside), "{outside}");
        }
    }

    #[test]
    fn multicast_and_what_is_not_assigned_is_not_public() {
        for text in [
            "224.0.0.1",
            "239.255.255.255",
            "ff02::1",
            "ff0e::1",
            "fec0::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "4000::1",
            "a000::1",
        ] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn an_address_inside_another_counts() {
        for (outer, is_public) in [
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:10.1.2.3", false),
            ("::ffff:1.1.1.1", true),
            ("64:ff9b::10.1.2.3", false),
            ("64:ff9b::169.254.169.254", false),
            ("64:ff9b::1.1.1.1", true),
            ("64:ff9b:1::1.1.1.1", false),
            ("2002:7f00:1::", false),
            ("2002:a9fe:a9fe::1", false),
            ("2002:101:101::1", true),
            ("2002:a01:203::", false),
            ("2001:0:101:101::1", false),
        ] {
            assert_eq!(public(outer), is_public, "{outer}");
        }
    }

    #[test]
    fn addresses_of_receivers_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "52.94.236.248",
            "2606:4700::1111",
            "2600:1f18::1",
            "2a05:d018::1",
        ] {
            assert!(public(text), "{text}");
        }
    }
}
