//! A real Chromium without a window, driven through `ChromeDriver`.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::gate::free_address;

/// axe-core, which knows the rules of WCAG.
const AXE: &str = include_str!("axe.min.js");

/// Rules that a page breaks seriously or critically; also those of the level AA.
const JUDGE: &str = r#"
    const done = arguments[arguments.length - 1];
    axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}).then(
        result => done(result.violations.filter(v => ["serious", "critical"].includes(v.impact) || v.tags.some(t => t.startsWith("wcag")))
            .map(v => v.id + " (" + v.impact + "): " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + n.failureSummary).join(" | "))),
        error => done(["axe failed: " + error]));
"#;

/// Notes what has the focus, and whether that can be seen. `usable` is what somebody may want to reach.
const FOCUS: &str = r#"
    window.usable = () => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
        .filter(e => e.checkVisibility() && !e.disabled && e.type !== "hidden" && getComputedStyle(e).visibility === "visible");
    window.named = e => [e.tagName, e.id, e.name, e.getAttribute("href"), e.getAttribute("aria-label"), e.textContent.slice(0, 40)].join("|");
    window.reached = new Set();
    window.unseen = [];
    document.addEventListener("focusin", event => {
        const style = getComputedStyle(event.target);
        window.reached.add(named(event.target));
        if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) === 0) window.unseen.push(named(event.target));
    });
"#;

/// The colours of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// The size of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    Desk,
    /// 360 by 740 pixels.
    Phone,
}

/// A browser with a profile of its own. Killed when dropped.
pub struct Browser {
    pub client: Client,
    driver: Child,
    shots: PathBuf,
    _profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // ChromeDriver ends its browser with it.
        let _ = Command::new("kill").arg(self.driver.id().to_string()).status();
        let _ = self.driver.wait();
    }
}

#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}

/// A command of Chromium's own protocol.
#[derive(Debug)]
struct Devtools(&'static str, Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({"cmd": self.0, "params": self.1}).to_string()))
    }
}

impl Browser {
    /// Starts one. `suite` names the directory of its screenshots below `target/tmp/browser`.
    pub async fn start(suite: &str, theme: Theme, screen: Screen) -> Self {
        let address: SocketAddr = free_address();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={}", address.port()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium and its driver are needed: `make deps` installs them");
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--window-size=1280,900".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let mut options = json!({"args": arguments});
        if screen == Screen::Phone {
            options["mobileEmulation"] = json!({"deviceMetrics": {"width": 360, "height": 740, "pixelRatio": 2.0}});
        }
        let capabilities = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let client = eventually("a browser", async || {
            let connecting = ClientBuilder::new(HttpConnector::new()).capabilities(capabilities.clone()).to_owned();
            connecting.connect(&format!("http://{address}")).await.ok()
        })
        .await;
        let shots = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("browser").join(suite);
        fs::create_dir_all(&shots).unwrap();
        let browser = Self { client, driver, shots, _profile: profile };
        let scheme = if theme == Theme::Dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await;
        browser
    }

    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(Devtools(command, parameters)).await.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The status of the answer that the page came in.
    pub async fn status(&self) -> u64 {
        self.run("return performance.getEntriesByType('navigation')[0].responseStatus").await.as_u64().unwrap()
    }

    /// Where the browser is, with the colon of a user's id as people write it.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().replace("%3A", ":")
    }

    pub async fn text(&self) -> String {
        self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }

    /// Waits until the page's own background is dark, or until it is light.
    pub async fn wait_for_theme(&self, theme: Theme) {
        let script = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)";
        eventually(&format!("{theme:?} colours"), async || {
            // A page that is just going has no colours.
            let colour = self.client.execute(script, Vec::new()).await.ok()?;
            let bright = colour.as_array()?.iter().filter_map(Value::as_f64).sum::<f64>();
            ((bright < 3.0 * 100.0) == (theme == Theme::Dark)).then_some(())
        })
        .await;
    }

    /// Waits until the address asks for something.
    pub async fn wait_for_query(&self, part: &str) {
        let asks = async || self.client.current_url().await.ok()?.query()?.contains(part).then_some(());
        eventually(&format!("an address with {part}"), asks).await;
    }

    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks what is named by its visible text, or by its label: a link, a button, a summary. What is in the content goes first.
    pub async fn press(&self, name: &str) {
        let named = format!("//*[self::a or self::button or self::summary][normalize-space()='{name}' or @aria-label='{name}']");
        let found = match self.client.find(Locator::XPath(&format!("//main{named}"))).await {
            Ok(found) => found,
            Err(_) => self.client.find(Locator::XPath(&named)).await.unwrap_or_else(|error| panic!("{name}: {error}")),
        };
        found.click().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    pub async fn value(&self, css: &str) -> String {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    pub async fn choose(&self, css: &str, value: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.select_by_value(value).await.unwrap();
    }

    pub async fn click(&self, css: &str) {
        let found = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        found.click().await.unwrap();
    }

    /// Types keys, wherever the focus is.
    pub async fn keys(&self, keys: &[Key]) {
        let actions = keys.iter().fold(KeyActions::new("keyboard".to_owned()), |actions, key| {
            actions.then(KeyAction::Down { value: char::from(*key) }).then(KeyAction::Up { value: char::from(*key) })
        });
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Goes on with Tab until what has the focus is named so; fails where the focus is not visible.
    pub async fn tab_to(&self, name: &str) {
        let script = "const e = document.activeElement; const s = getComputedStyle(e); \
                      const label = e.labels && e.labels[0] ? e.labels[0].innerText : ''; \
                      return [(e.innerText || label || e.getAttribute('aria-label') || '').trim(), \
                      s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0]";
        for _ in 0..200 {
            self.keys(&[Key::Tab]).await;
            let focus = self.run(script).await;
            if focus[0].as_str() == Some(name) {
                assert_eq!(focus[1], true, "the focus on {name} cannot be seen");
                return;
            }
        }
        panic!("the keyboard does not reach {name}");
    }

    /// Types a text, wherever the focus is.
    pub async fn type_text(&self, text: &str) {
        let actions = text.chars().fold(KeyActions::new("keyboard".to_owned()), |actions, key| {
            actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key })
        });
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Waits until the browser has come to a path.
    pub async fn wait_for_path(&self, path: &str) {
        eventually(&format!("the page {path}"), async || (self.path().await == path).then_some(())).await;
    }

    /// Waits until the page holds a text.
    pub async fn wait_for_text(&self, text: &str) {
        // A page that is just going leaves nothing to read.
        let script = "return document.body ? document.body.innerText : ''";
        let holds = async || {
            let shown = self.client.execute(script, Vec::new()).await.unwrap_or_default();
            shown.as_str().is_some_and(|shown| shown.contains(text)).then_some(())
        };
        eventually(&format!("the text {text}"), holds).await;
    }

    /// Keeps a picture of a page that came well, and fails if it breaks a rule of accessibility, is wider than its window, or said
    /// anything on the console.
    pub async fn judge(&self, name: &str) {
        assert_eq!(self.status().await, 200, "{name}: {}", self.text().await);
        self.look(name).await;
        assert_eq!(self.console().await, [""; 0], "{name}");
    }

    /// The same of a page that says what was refused. The browser tells of the status on the console by itself.
    pub async fn judge_refusal(&self, name: &str, status: u64) {
        assert_eq!(self.status().await, status, "{name}: {}", self.text().await);
        self.look(name).await;
        let said = self.console().await;
        assert!(said.iter().all(|line| line.contains(&format!("status of {status}"))), "{name}: {said:?}");
    }

    async fn look(&self, name: &str) {
        self.shoot(name).await;
        self.run(AXE).await;
        let broken = self.client.execute_async(JUDGE, Vec::new()).await.unwrap();
        assert_eq!(broken, json!([]), "{name}");
        let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(self.run(wide).await, json!(0), "{name} is wider than its window");
    }

    /// Keeps a picture of all of the page.
    async fn shoot(&self, name: &str) {
        let size =
            self.run("const e = document.documentElement; return [window.innerWidth, Math.min(e.scrollHeight, 5000)]").await;
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let taken = self.devtools("Page.captureScreenshot", json!({"captureBeyondViewport": true, "clip": clip})).await;
        let picture = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        let file = if name == "/" { "overview".to_owned() } else { name.trim_matches('/').replace('/', "_") };
        fs::write(self.shots.join(format!("{file}.png")), picture).unwrap();
    }

    /// Goes through the whole page with Tab: nothing that can be used is left out, and the focus can be seen everywhere.
    pub async fn tab_through(&self, name: &str) {
        let stops = self.run(&format!("{FOCUS} return [...usable()].length")).await.as_u64().unwrap();
        // Fields of a date and time have a stop for each part.
        let parts = self.run("return document.querySelectorAll('[type=datetime-local]').length * 8").await.as_u64().unwrap();
        let tabs = usize::try_from(stops + parts + 4).unwrap();
        self.keys(&vec![Key::Tab; tabs]).await;
        let missed = "return [[...usable()].map(named).filter(name => !window.reached.has(name)), window.unseen]";
        assert_eq!(self.run(missed).await, json!([[], []]), "{name}: not reached, and reached without being seen");
    }

    /// What the page said on the console since this was last asked: warnings and errors.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.client.issue_cmd(Log).await.unwrap();
        let entries = entries.as_array().cloned().unwrap_or_default();
        let loud = entries.iter().filter(|entry| matches!(entry["level"].as_str(), Some("WARNING" | "SEVERE")));
        loud.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub async fn end(self) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.client.clone().close()).await;
    }
}
