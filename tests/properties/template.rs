//! Templates: any text expands, every use and fault has a range in it, and doubled dollars are dollars.

use convoke::source::{Places, expand};

use super::whole;

pub fn holds(template: &str) {
    let known = |name: &str| match name {
        "A" => Some("va".to_owned()),
        "E" => Some(String::new()),
        _ => None,
    };
    let expansion = expand(template, &known);
    let places = Places::new(template, template, whole(template));
    let unset = expansion.unset.into_iter().map(|used| used.range);
    for range in unset.chain(expansion.faults.into_iter().map(|fault| fault.range)) {
        let part = template.get(range.clone());
        assert!(part.is_some_and(|part| part.starts_with('$')), "{template:?} {range:?}");
        let place = places.of(range.clone());
        assert_eq!(place.start as usize..place.end as usize, range, "{template:?}");
    }
    let doubled = expand(&template.replace('$', "$$"), &known);
    assert_eq!((doubled.text.as_str(), doubled.faults.len()), (template, 0), "{template:?}");
}
