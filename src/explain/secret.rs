//! Values that look secret are not for everybody who looks at a screen.

use serde_json::Value as Json;

use super::{Explanation, MASK, Step, Variable, Way};

/// Parts of names behind which a secret is usual.
const WORDS: &[&str] = &[
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "CREDENTIAL",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATE_KEY",
    "SECRET",
    "TOKEN",
];

/// Puts a mask in the place of everything that looks secret.
pub fn mask(explanation: &mut Explanation) {
    for value in &mut explanation.values {
        let secret = is_secret_place(&value.path, value.key());
        value.masked = hide(&mut value.value, &mut value.way, secret);
        for earlier in &mut value.instead_of {
            earlier.masked = hide(&mut earlier.value, &mut earlier.way, secret);
        }
    }
}

fn is_secret_place(path: &[Step], key: &str) -> bool {
    // Below these, keys are names that somebody chose; elsewhere they are words of the format.
    const CHOSEN: &[&str] = &["environment", "args", "labels", "annotations", "options", "driver_opts", "sysctls"];
    let chosen = path.iter().rev().skip(1).any(|step| CHOSEN.iter().any(|word| step.is(word)));
    let content = key == "content" && path.first().is_some_and(|step| step.is("configs") || step.is("secrets"));
    content || chosen && is_secret_name(key)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_uppercase().replace(['-', '.'], "_");
    // The path of a file with a secret is none.
    !name.ends_with("_FILE") && !name.ends_with("_PATH") && WORDS.iter().any(|word| name.contains(word))
}

/// Masks a value and its variables; whether anything was masked.
fn hide(value: &mut Json, way: &mut Way, secret: bool) -> bool {
    let mut inside = false;
    for variable in &mut way.variables {
        inside |= hide_variable(variable, secret);
    }
    if let Some(template) = &mut way.template {
        // Variables are no secret, but texts beside them may be.
        *template = masked_inside(template).unwrap_or_else(|| template.clone());
    }
    hide_json(value, secret || inside)
}

fn hide_variable(variable: &mut Variable, secret: bool) -> bool {
    let Some(value) = &mut variable.value else { return false };
    let named = is_secret_name(&variable.name);
    if (secret || named) && !value.is_empty() {
        MASK.clone_into(value);
        variable.masked = true;
    } else if let Some(masked) = masked_inside(value) {
        *value = masked;
        variable.masked = true;
    }
    named
}

fn hide_json(value: &mut Json, all: bool) -> bool {
    match value {
        Json::Null => false,
        Json::Array(items) => items.iter_mut().fold(false, |masked, item| hide_json(item, all) | masked),
        Json::Object(entries) => {
            entries.iter_mut().fold(false, |masked, (key, entry)| hide_json(entry, all || is_secret_name(key)) | masked)
        }
        Json::String(text) if text.is_empty() => false,
        Json::String(text) if !all => match masked_inside(text) {
            Some(masked) => {
                *text = masked;
                true
            }
            None => false,
        },
        _ if all => {
            *value = MASK.into();
            true
        }
        _ => false,
    }
}

/// The text with the passwords of addresses and the values of `--password=…` masked; nothing if there are none.
fn masked_inside(text: &str) -> Option<String> {
    let is_end = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '&' | '"' | '\'');
    let mut masked = String::with_capacity(text.len());
    for part in text.split_inclusive(is_end) {
        let word = part.trim_end_matches(is_end);
        masked.push_str(&masked_word(word).unwrap_or_else(|| word.to_owned()));
        masked.push_str(&part[word.len()..]);
    }
    (masked != text).then_some(masked)
}

fn masked_word(word: &str) -> Option<String> {
    // What is a variable is no secret yet.
    let is_secret = |text: &str| !text.is_empty() && !text.contains('$');
    if let Some((scheme, rest)) = word.split_once("://") {
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let (owner, _) = authority.rsplit_once('@')?;
        let (user, password) = owner.split_once(':')?;
        return is_secret(password).then(|| format!("{scheme}://{user}:{MASK}{}", &rest[owner.len()..]));
    }
    let (name, value) = word.split_once('=')?;
    (is_secret(value) && is_secret_name(name)).then(|| format!("{name}={MASK}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_secret_is_masked_and_nothing_else() {
        for (text, masked) in [
            ("postgres://app:s3cret@db/app", Some("postgres://app:********@db/app")),
            ("redis-server --requirepass", None),
            ("--password=abc --user=x", Some("--password=******** --user=x")),
            ("postgres://app:${DB_PASSWORD}@db/app", None),
            ("http://localhost:8080/a@b", None),
            ("nginx:1.27", None),
        ] {
            assert_eq!(masked_inside(text).as_deref(), masked, "{text}");
        }
        for (name, secret) in [
            ("DB_PASSWORD", true),
            ("github-token", true),
            ("POSTGRES_PASSWORD_FILE", false),
            ("PATH", false),
            ("KEYBOARD", false),
        ] {
            assert_eq!(is_secret_name(name), secret, "{name}");
        }
    }
}
