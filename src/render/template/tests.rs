use serde_json::json;

use super::*;

fn row() -> Row {
    let fields = json!({
        "Name": "shop-web-1",
        "ExitCode": 3,
        "Health": "",
        "Ports": "0.0.0.0:80->80/tcp",
        "Publishers": [{"URL": "0.0.0.0", "Port": 80}, {"URL": "::", "Port": 80}],
    });
    let serde_json::Value::Object(fields) = fields else { panic!("an object") };
    Row { fields, labels: [("tier".to_owned(), "front".to_owned())].into() }
}

fn filled(template: &str) -> String {
    match Template::parse(template).and_then(|template| template.fill(&row())) {
        Ok(text) => text,
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn templates_and_what_they_come_to() {
    let cases = [
        ("", ""),
        ("plain {text}", "plain {text}"),
        ("{{.Name}}\\t{{.ExitCode}}\\n", "shop-web-1\t3\n"),
        ("{{ .Name }}", "shop-web-1"),
        ("a {{- .Name -}} b", "ashop-web-1b"),
        ("{{/* nothing */}}x", "x"),
        ("{{json .ExitCode}} {{json .Ports}}", "3 \"0.0.0.0:80-\\u003e80/tcp\""),
        ("{{json .Publishers}}", r#"[{"URL":"0.0.0.0","Port":80},{"URL":"::","Port":80}]"#),
        ("{{.Publishers}}", "[{0.0.0.0 80} {:: 80}]"),
        ("{{range .Publishers}}{{.URL}}:{{.Port}} {{end}}", "0.0.0.0:80 :::80 "),
        ("{{range .Publishers}}{{$.Name}} {{end}}", "shop-web-1 shop-web-1 "),
        ("{{(index .Publishers 1).URL}}", "::"),
        ("{{len .Publishers}} {{len .Name}}", "2 10"),
        ("{{if .Health}}{{.Health}}{{else}}none{{end}}", "none"),
        ("{{if eq .ExitCode 0}}good{{else if gt .ExitCode 2}}bad{{else}}odd{{end}}", "bad"),
        ("{{if and .Name (not .Health)}}yes{{end}}", "yes"),
        ("{{with .Health}}{{.}}{{else}}{{.Name}}{{end}}", "shop-web-1"),
        ("{{with .Name}}{{.}}!{{end}}", "shop-web-1!"),
        ("{{.Label \"tier\"}}{{.Label `none`}}", "front"),
        ("{{upper .Name}} {{.Name | title | lower}}", "SHOP-WEB-1 shop-web-1"),
        ("{{title \"a word's end\"}}", "A Word's End"),
        ("{{join (split .Name \"-\") \"/\"}}", "shop/web/1"),
        ("{{truncate .Name 4}}|{{pad .ExitCode 1 2}}|{{pad .Health 1 2}}", "shop| 3  |"),
        ("{{printf \"%-12s|%3d|%q%%\" .Name .ExitCode .Ports}}", "shop-web-1  |  3|\"0.0.0.0:80->80/tcp\"%"),
        ("{{println .Name .ExitCode}}", "shop-web-1 3\n"),
        ("{{\"}}\"}}", "}}"),
        ("{{or .Health \"-\"}}", "-"),
    ];
    for (template, expected) in cases {
        assert_eq!(filled(template), expected, "{template}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        "{{.Nmae}}",
        "{{.Xyz}}",
        "{{.Name.First}}",
        "{{.Name",
        "{{frobnicate .Name}}",
        "{{$x := .Name}}",
        "{{if .Name}}open",
        "{{end}}",
        "{{}}",
        "{{.Name | }}",
        "{{lower}}",
        "{{truncate .Name \"a\"}}",
        "{{range .ExitCode}}{{end}}",
        "{{index .Publishers 7}}",
        "{{lt .Name 1}}",
        "{{(.Name}}",
        "{{.Name-x}}",
        "{{.Name 1}}",
        "{{.Label}}",
        "{{template \"x\"}}",
        "{{\"open}}",
    ];
    let told: Vec<String> = cases.iter().map(|case| format!("{case}  {}", filled(case))).collect();
    insta::assert_snapshot!(told.join("\n"));
}
