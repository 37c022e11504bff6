//! A browser without a screen: it stores cookies, submits forms, and sends their origin.

use std::collections::BTreeMap;

use crate::support::client::encode;
use crate::support::{Answer, Client, Target};

#[derive(Clone)]
pub struct Visitor {
    client: Client,
    pub cookies: BTreeMap<String, String>,
    /// The last page, whose forms can be submitted.
    pub page: String,
}

impl Visitor {
    pub fn of(target: &Target) -> Self {
        let base = format!("http://{}/", target.stack.address);
        Self {
            client: Client::new(&base, ""),
            cookies: BTreeMap::new(),
            page: String::new(),
        }
    }

    /// The only cookie: its name and value.
    #[track_caller]
    pub fn cookie(&self) -> (String, String) {
        let mut cookies = self.cookies.iter();
        let one = cookies.next().expect("a cookie");
        assert_eq!(cookies.next(), None, "more than one cookie");
        (one.0.clone(), one.1.clone())
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[("sec-fetch-site", "none")], "")
            .await
    }

    /// Submits a form of the last page with these fields.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mark = self.mark();
        let once = hidden(&self.page, "once").unwrap_or_default();
        let mut all = vec![("form", mark.as_str()), ("once", once.as_str())];
        all.retain(|(_, value)| !value.is_empty());
        all.extend_from_slice(fields);
        let own = [("sec-fetch-site", "same-origin")];
        self.send("POST", path, &own, &body(&all)).await
    }

    /// The form token of the last page's forms.
    pub fn mark(&self) -> String {
        hidden(&self.page, "form").unwrap_or_default()
    }

    /// Sends a request with these headers, the cookies, and a form as its body.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        form: &str,
    ) -> Answer {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = pairs.join("; ");
        let mut all = vec![("authorization", ""), ("cookie", cookies.as_str())];
        if method == "POST" {
            all.push(("content-type", "application/x-www-form-urlencoded"));
        }
        all.extend_from_slice(headers);
        let path = format!("origin:{path}");
        let body = Some(form.to_owned().into());
        let answer = self.client.send(method, &path, &all, body).await;
        self.keep(&answer);
        if !answer.text.is_empty() {
            self.page.clone_from(&answer.text);
        }
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a cookie is text");
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a name");
            match attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }
}

/// Encodes fields as a browser does.
pub fn body(fields: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", encode(name), encode(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The value of a hidden field in the first form below the page's header that has it.
pub fn hidden(page: &str, name: &str) -> Option<String> {
    let at = page.find(&format!("name=\"{name}\" value=\""))?;
    let rest = &page[at..];
    let value = rest.split("value=\"").nth(1)?;
    Some(value.split('"').next()?.to_owned())
}
