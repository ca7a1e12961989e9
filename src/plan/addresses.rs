//! Address ranges: which small one is free. Pure.

/// Where ranges are looked for: high in 10.0.0.0/8, where neither Docker's own pools nor most home networks are.
const FIRST: u32 = 0x0a80_0000;
const LAST: u32 = 0x0aff_ff00;
/// 254 addresses: more than most projects have containers, and room for 32768 such networks.
const BITS: u8 = 24;

/// IPv4 addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    address: u32,
    bits: u8,
}

impl Range {
    /// Reads `10.1.0.0/16`; nothing for IPv6 and for what is no range.
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let address: std::net::Ipv4Addr = address.parse().ok()?;
        let bits = bits.parse().ok().filter(|bits| *bits <= 32)?;
        Some(Self { address: address.to_bits(), bits })
    }

    fn overlaps(self, other: Self) -> bool {
        let bits = self.bits.min(other.bits);
        // The default route is the way to everything that has no way of its own.
        bits > 0 && (self.address ^ other.address).leading_zeros() >= u32::from(bits)
    }
}

/// A small range that overlaps none of those that are taken.
pub fn free_range<'t>(taken: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let taken: Vec<Range> = taken.into_iter().filter_map(Range::parse).collect();
    let mut candidates = (FIRST..=LAST).step_by(1 << (32 - BITS)).map(|address| Range { address, bits: BITS });
    let free = candidates.find(|range| !taken.iter().any(|other| range.overlaps(*other)))?;
    Some(format!("{}/{BITS}", std::net::Ipv4Addr::from_bits(free.address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_range_that_nobody_has() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], Some("10.128.0.0/24")),
            (&["172.17.0.0/16", "fd00::/64", "nonsense", "0.0.0.0/0"], Some("10.128.0.0/24")),
            (&["10.128.0.0/24"], Some("10.128.1.0/24")),
            (&["10.128.0.0/30", "10.128.1.128/25"], Some("10.128.2.0/24")),
            (&["10.128.0.0/9"], None),
            (&["10.128.0.0/10"], Some("10.192.0.0/24")),
            (&["10.0.0.0/8"], None),
        ];
        for (taken, free) in table {
            assert_eq!(free_range(taken.iter().copied()).as_deref(), *free, "{taken:?}");
        }
    }
}
