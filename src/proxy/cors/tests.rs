use super::*;

fn settings(origins: &[&str], headers: &[&str]) -> CorsSettings {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let file = CorsFile { origins: texts(origins), headers: texts(headers), ..CorsFile::default() };
    let mut faults = Faults::default();
    let settings = file.resolve("cors", &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    settings
}

fn page(cors: &CorsSettings, host: &str, origins: &[&str]) -> Page {
    let mut request = RequestHeader::build("POST", b"/v1/chat/completions", None).unwrap();
    request.insert_header(HOST, host).unwrap();
    for origin in origins {
        request.append_header(ORIGIN, *origin).unwrap();
    }
    Page::of(&request, cors)
}

#[test]
fn origins_are_written_as_browsers_do() {
    for (written, origin) in [
        ("https://chat.example.com", "https://chat.example.com"),
        ("HTTPS://Chat.Example.com:443", "https://chat.example.com"),
        ("http://192.168.1.5:3000", "http://192.168.1.5:3000"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("http://[::1]:8201", "http://[::1]:8201"),
        ("tauri://localhost", "tauri://localhost"),
        ("app://obsidian.md", "app://obsidian.md"),
        ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ("file://", "file://"),
    ] {
        assert_eq!(parse_origin(written).as_deref(), Ok(origin), "{written}");
    }
    for wrong in [
        "*",
        "null",
        "",
        "chat.example.com",
        "https://",
        "https://chat.example.com/",
        "https://chat.example.com/path",
        "https://*.example.com",
        "https://u:p@chat.example.com",
        "https://chat.example.com:",
        "https://chat.example.com:99999",
        "https://chat.example.com, https://b.example.com",
        "https://münchen.example",
        "1http://x",
        "file:///home",
    ] {
        assert!(parse_origin(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_fault_has_its_place_and_a_remedy() {
    let file: CorsFile =
        serde_json::from_value(serde_json::json!({"origins": ["https://a", "*", "null"], "headers": ["x-a", "*", ""]})).unwrap();
    let mut faults = Faults::default();
    file.resolve("cors", &mut faults);
    let faults = faults.into_vec();
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["cors.origins[1]", "cors.origins[2]", "cors.headers[1]", "cors.headers[2]"]);
    assert!(faults.iter().all(|fault| !fault.remedy.is_empty()));
}

#[test]
fn only_the_very_origin_is_listed() {
    let cors = settings(&["https://chat.example.com", "http://localhost:3000"], &[]);
    let listed = |text: &'static str| Page::Listed(HeaderValue::from_static(text));
    assert_eq!(page(&cors, "memgate.test", &["https://chat.example.com"]), listed("https://chat.example.com"));
    assert_eq!(page(&cors, "memgate.test", &[]), Page::None);
    for other in [
        "http://chat.example.com",
        "https://chat.example.com:8443",
        "https://chat.example.com.evil.test",
        "https://evilchat.example.com",
        "https://x.chat.example.com",
        "https://chat.example.com/",
        "null",
        "",
        "*",
        "http://localhost",
        "http://localhost:30000",
    ] {
        assert_eq!(page(&cors, "memgate.test", &[other]), Page::Foreign, "{other}");
    }
    assert_eq!(page(&cors, "memgate.test", &["https://chat.example.com", "https://chat.example.com"]), Page::Foreign);
}

#[test]
fn a_page_is_its_own_hosts_only_where_the_host_cannot_be_claimed() {
    let none = CorsSettings::default();
    for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "192.168.1.5"] {
        assert_eq!(page(&none, host, &[&format!("http://{host}")]), Page::Own, "{host}");
        assert_eq!(page(&none, host, &[&format!("https://{host}")]), Page::Own, "{host}");
    }
    for (host, origin) in [
        ("evil.test:8080", "http://evil.test:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8081"),
        ("127.0.0.1:8080", "http://localhost:8080"),
        ("127.0.0.1.evil.test", "http://127.0.0.1.evil.test"),
        ("127.0.0.1:8080", "app://127.0.0.1:8080"),
    ] {
        assert_eq!(page(&none, host, &[origin]), Page::Foreign, "{host} {origin}");
    }
}

#[test]
fn headers_that_name_a_user_are_permitted_only_by_name() {
    let (plain, own) = (settings(&["https://a"], &[]), settings(&["https://a"], &["X-Staff-Id"]));
    for name in ["authorization", "content-type", "x-api-key", "anthropic-version", "anthropic-dangerous-direct-browser-access"] {
        assert!(plain.permits(name), "{name}");
    }
    for name in ["openai-organization", "x-stainless-os", "x-memgate-session"] {
        assert!(plain.permits(name), "{name}");
    }
    for name in
        ["x-memgate-user", "x-openwebui-user-id", "remote-user", "x-staff-id", "cookie", "*", "", "openai-*", "openai-a_b"]
    {
        assert!(!plain.permits(name), "{name}");
    }
    assert!(own.permits("x-staff-id"));
    let mut asked = HeaderMap::new();
    asked.append(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("Authorization, x-memgate-user,content-type"));
    asked.append(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("x-stainless-lang"));
    assert_eq!(plain.permitted(&asked), "authorization, content-type, x-stainless-lang");
}
