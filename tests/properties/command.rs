//! Command lines: any is split into words or refused, and words in quotes come back.

use convoke::yaml::{Kind, Node};

use super::{long, whole};

pub fn holds(text: &str) {
    let Some(words) = words(text) else { return };
    assert!(words.iter().map(String::len).sum::<usize>() <= text.len(), "{text:?}: {words:?}");
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', r#"'"'"'"#))).collect();
    assert_eq!(self::words(&quoted.join(" ")), Some(words), "{text:?}");
}

fn words(text: &str) -> Option<Vec<String>> {
    let mut command = Node::string(text, whole(text));
    long("command", &mut command, text)?;
    let Kind::Seq(words) = command.kind else { panic!("{text:?} is still no list") };
    Some(words.iter().map(|word| word.as_str().expect("a word").to_owned()).collect())
}
