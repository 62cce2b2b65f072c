//! A real Chromium without a window, driven through `ChromeDriver`.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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
    screen: Screen,
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

impl Browser {
    /// Starts one. `suite` names the directory of its screenshots below `target/browser`.
    pub async fn start(suite: &str, theme: Theme, screen: Screen) -> Self {
        let address: SocketAddr = free_address();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={}", address.port()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium and its driver are needed: `make deps` installs them");
        let profile = tempfile::tempdir().unwrap();
        let mut arguments = vec![
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
        if theme == Theme::Dark {
            // What `prefers-color-scheme: dark` is in a browser whose system is dark.
            arguments.push("--force-dark-mode".to_owned());
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
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
        Self { client, driver, screen, shots, _profile: profile }
    }

    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    pub async fn text(&self) -> String {
        self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }

    /// Whether the page's own background is dark.
    pub async fn is_dark(&self) -> bool {
        let script = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)";
        let colour = self.client.execute(script, Vec::new()).await.unwrap();
        colour.as_array().unwrap().iter().map(|part| part.as_f64().unwrap()).sum::<f64>() < 3.0 * 100.0
    }

    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks what is named by its visible text, or by its label: a link, a button, a summary.
    pub async fn press(&self, name: &str) {
        let quoted = format!("'{name}'");
        let wanted = format!(
            "//main//*[self::a or self::button or self::summary][normalize-space()={quoted} or @aria-label={quoted}] | \
             //*[self::a or self::button or self::summary][normalize-space()={quoted} or @aria-label={quoted}]"
        );
        let found = self.client.find(Locator::XPath(&wanted)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        found.click().await.unwrap();
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
            let focus = self.client.execute(script, Vec::new()).await.unwrap();
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

    /// Keeps a picture of the page, and fails if the page breaks a rule of accessibility, is wider than its window, or said anything on
    /// the console.
    pub async fn judge(&self, name: &str) {
        self.shoot(name).await;
        self.client.execute(AXE, Vec::new()).await.unwrap();
        let broken = self.client.execute_async(JUDGE, Vec::new()).await.unwrap();
        assert_eq!(broken, json!([]), "{name}");
        let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(self.client.execute(wide, Vec::new()).await.unwrap(), json!(0), "{name} is wider than its window");
        assert_eq!(self.console().await, [""; 0], "{name}");
    }

    pub async fn shoot(&self, name: &str) {
        if self.screen == Screen::Desk {
            // All of the page, and some for the window's own frame.
            let script = "return document.documentElement.scrollHeight";
            let tall = self.client.execute(script, Vec::new()).await.unwrap().as_u64().unwrap_or(900).clamp(600, 4000);
            self.client.set_window_size(1280, u32::try_from(tall).unwrap() + 150).await.unwrap();
        }
        let picture = self.client.screenshot().await.unwrap();
        fs::write(self.shots.join(format!("{}.png", name.replace('/', "_"))), picture).unwrap();
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
