//! The backup and the restore of docs/DEPLOYMENT.md: what was learned is there again, under the master key that was kept apart.

use std::fs;
use std::process::Command;

use crate::harness::request::Request;
use crate::harness::world::World;

fn run(program: &str, arguments: &[&str]) {
    let ended = Command::new(program).args(arguments).output().unwrap();
    assert!(ended.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test]
async fn what_was_backed_up_is_there_after_a_restore() {
    let mut world = World::in_mode("required").await;
    world.teach(&Request::chat(&["Remember that my cat is called Miso."]).vouched("ana")).await;
    world.gate.stop();
    let data = world.gate.data_dir();
    let [archive, key] = ["backup.tar", "kept-apart.key"].map(|name| world.gate.dir().join(name));
    let (from, to) = (data.to_str().unwrap(), archive.to_str().unwrap());
    run("tar", &["-C", from, "-cSf", to, "--exclude=master.key", "--exclude=memgate.sock", "."]);
    fs::copy(data.join("master.key"), &key).unwrap();

    // Life goes on, then the disk is lost.
    world.gate.start();
    world.teach(&Request::chat(&["Remember that my dog is called Rex."]).vouched("ana")).await;
    world.gate.kill();
    fs::remove_dir_all(&data).unwrap();
    fs::create_dir(&data).unwrap();
    run("chmod", &["700", from]);
    run("tar", &["-C", from, "-xSf", to]);

    // Without the key nothing opens, and no new one is made over what is sealed.
    let refused = world.gate.run(&["run"]);
    assert!(!refused.status.success(), "started without the master key");
    fs::copy(&key, data.join("master.key")).unwrap();
    run("chmod", &["600", data.join("master.key").to_str().unwrap()]);

    world.gate.start();
    let seen = world.forwarded(&Request::chat(&["What is my cat called?"]).vouched("ana")).await;
    assert!(seen.mentions("Miso") && !seen.mentions("Rex"), "{}", seen.text());
}
