//! Images by the digests that their registries have for them at the moment.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use crate::diagnostic::Diagnostic;
use crate::engine::{Engine, EngineError, ErrorKind};
use crate::load::Loaded;
use crate::plan::full_name;

use super::context::Context;
use super::outcome::{Failure, place};
use super::shown::Shown;

/// How many questions are under way at the same time, where nobody says.
const QUESTIONS: usize = 8;

type Answers = BTreeMap<String, Result<String, EngineError>>;

/// Gives every image its digest, behind its full name. What has one keeps it; an id says no less.
///
/// # Errors
/// Each name that no registry could be asked for, where it is written.
pub async fn pin(shown: &mut Shown, loaded: &Loaded, context: &Context<'_>) -> Result<(), Failure> {
    let answers = answers(shown, context).await?;
    let mut findings = Vec::new();
    shown.each_image(&mut |keys, image| {
        let Some(name) = full_name(image).filter(|_| !image.is_empty()) else { return };
        let finding = match answers.get(&name) {
            Some(Ok(digest)) => {
                *image = format!("{name}@{digest}");
                return;
            }
            Some(Err(error)) => error.help.iter().fold(Diagnostic::error(error.to_string()), Diagnostic::help),
            None if is_open(image) => Diagnostic::error(format!("no registry can be asked for {image:?}"))
                .help("what its variables come to is not known with --no-interpolate"),
            None => {
                *image = name;
                return;
            }
        };
        let keys = keys.map(str::to_owned);
        findings.push(match place(&loaded.document, &keys) {
            Some(span) => finding.at(span),
            None => finding,
        });
    });
    if findings.is_empty() { Ok(()) } else { Err(Failure::Findings(loaded.files.clone(), findings)) }
}

/// Asks for each name once. An engine that is gone is no news about every single one.
async fn answers(shown: &mut Shown, context: &Context<'_>) -> Result<Answers, Failure> {
    let mut names = Vec::new();
    shown.each_image(&mut |_, image| {
        let asks = !image.is_empty() && !image.contains('@') && !is_open(image);
        names.extend(full_name(image).filter(|_| asks));
    });
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(Answers::new());
    }
    let engine = context.engine().await?;
    let limit = context.settings.parallel.unwrap_or(QUESTIONS);
    let asked = names.into_iter().map(|name| async {
        let answer = engine.image_digest(&name).await;
        (name, answer)
    });
    let answers: Answers = stream::iter(asked).buffer_unordered(limit).collect().await;
    match answers.values().find_map(|answer| answer.as_ref().err().filter(|it| it.kind == ErrorKind::Unreachable)) {
        Some(gone) => Err(Failure::Engine(gone.clone())),
        None => Ok(answers),
    }
}

/// Whether a variable stands in it.
fn is_open(image: &str) -> bool {
    image.contains('$')
}
