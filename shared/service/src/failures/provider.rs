//! The identity provider behind a request.

/// The identity provider that a text names; the text is a User-Agent or the purpose of a key.
pub(super) fn provider(text: &str) -> Option<&'static str> {
    const PROVIDERS: [(&str, &str); 15] = [
        ("okta", "Okta"),
        ("entra", "Entra ID"),
        ("azure", "Entra ID"),
        ("onelogin", "OneLogin"),
        ("jumpcloud", "JumpCloud"),
        ("google", "Google Workspace"),
        ("pingfederate", "PingFederate"),
        ("pingone", "PingOne"),
        ("cyberark", "CyberArk"),
        ("sailpoint", "SailPoint"),
        ("rippling", "Rippling"),
        ("keycloak", "Keycloak"),
        ("authentik", "authentik"),
        ("workday", "Workday"),
        ("duo", "Duo"),
    ];
    let text = text.to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| {
        let named = PROVIDERS.iter().find(|(name, _)| *name == word);
        named.map(|(_, provider)| *provider)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_recognised_by_their_user_agent() {
        for (text, expected) in [
            ("Okta SCIM Client 1.0.0", Some("Okta")),
            ("OKTA SCIM Integration", Some("Okta")),
            ("Azure-AD production", Some("Entra ID")),
            ("Rokta/1", None),
            ("", None),
        ] {
            assert_eq!(provider(text), expected, "{text}");
        }
    }
}
