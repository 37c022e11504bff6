//! The address of a page: on whose side it is, and the variables of its path.

/// On whose side a visitor sees a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Anyone,
    Vendor,
    Customer,
}

pub(crate) struct PageAddress {
    pub(crate) side: Side,
    pub(crate) variables: Vec<(String, String)>,
}

impl PageAddress {
    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        Some(self.variable("tenant")).filter(|tenant| !tenant.is_empty())
    }
}
