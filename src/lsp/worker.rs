//! The analysis of one tree, on a thread of its own.
//!
//! The server tells what has changed and hears what was found out. What is overtaken by the next
//! change is given up, but not forever: somebody who types without a pause gets answers, too.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::pipeline::{Progress, Stopped};

use super::snapshot::{Snapshot, Texts};
use super::text::Text;

/// After so many runs that were given up one after the other, one is run to its end.
const MOST_OVERTAKEN: u32 = 3;

/// Steps within a stage are told no more often.
const STEP_INTERVAL: Duration = Duration::from_millis(100);

/// A tree that can be analysed again and again.
pub trait Analysis: Send {
    /// Lays a text over a file, or takes it away.
    fn overlay(&mut self, path: &str, text: Option<&Text>);
    /// Files have changed on disk; none for any.
    fn on_disk_changed(&mut self, paths: &[String]);
    /// The answers for what the files hold now.
    fn analyse(
        &mut self,
        progress: &dyn Progress,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Snapshot, Stopped>;
}

/// Opens the tree; done again after a crash, and when settings have changed.
pub type Opener = Box<dyn Fn() -> Result<Box<dyn Analysis>, String> + Send>;

/// What has changed.
#[derive(Debug)]
pub enum Update {
    /// A buffer was changed, with its revision; `None`: it was closed.
    Buffer(String, Option<(u64, Arc<Text>)>),
    /// Files have changed on disk; none for any.
    Disk(Vec<String>),
    /// The settings of the tree have changed.
    Settings,
}

/// What the server hears.
pub enum News {
    /// A stage has begun, or is so many steps further of so many.
    Stage(&'static str, Option<(u64, u64)>),
    /// An answer.
    Analysed(Box<Snapshot>),
    /// The run was given up; true if the next one has begun.
    Cancelled(bool),
    /// The tree cannot be analysed.
    Failed(String),
    /// The analysis has crashed.
    Crashed(String),
}

/// The server's end.
pub struct Worker {
    updates: Sender<Vec<Update>>,
    control: Arc<Control>,
}

#[derive(Default)]
struct Control {
    /// How many lists of updates there were.
    latest: AtomicU64,
    /// Somebody does not want to wait for the run any more.
    is_unwanted: AtomicBool,
}

impl Worker {
    /// Starts the thread and the first run. `tell` is called from it.
    pub fn start(open: Opener, tell: impl Fn(News) + Send + Sync + 'static) -> Worker {
        let (updates, receiver) = channel();
        let control = Arc::new(Control::default());
        let job = Job {
            open,
            tell: Box::new(tell),
            control: control.clone(),
            buffers: BTreeMap::new(),
            texts: Arc::default(),
            analysis: None,
            n_overtaken: 0,
        };
        thread::spawn(move || job.run(&receiver));
        let worker = Worker { updates, control };
        worker.update(Vec::new());
        worker
    }

    /// Tells of changes, and asks for an answer that knows them.
    pub fn update(&self, updates: Vec<Update>) {
        self.control.latest.fetch_add(1, Ordering::SeqCst);
        self.control.is_unwanted.store(false, Ordering::SeqCst);
        // The thread lives as long as this end does.
        let _ = self.updates.send(updates);
    }

    /// Gives the run up, until something changes.
    pub fn cancel(&self) {
        self.control.is_unwanted.store(true, Ordering::SeqCst);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.cancel();
    }
}

struct Job {
    open: Opener,
    tell: Box<dyn Fn(News) + Send + Sync>,
    control: Arc<Control>,
    /// What editors hold: a tree that is opened again has to be told.
    buffers: BTreeMap<String, (u64, Arc<Text>)>,
    /// Files that were read to find places in them, as long as nothing changes on disk.
    texts: Arc<Texts>,
    analysis: Option<Box<dyn Analysis>>,
    n_overtaken: u32,
}

impl Job {
    fn run(mut self, updates: &Receiver<Vec<Update>>) {
        let mut n_seen = 0;
        while let Ok(first) = updates.recv() {
            let mut all = first;
            n_seen += 1;
            for more in updates.try_iter() {
                all.extend(more);
                n_seen += 1;
            }
            let news = self.step(all, n_seen);
            (self.tell)(news);
        }
    }

    fn step(&mut self, updates: Vec<Update>, generation: u64) -> News {
        let result = catch_unwind(AssertUnwindSafe(|| self.analyse(updates, generation)));
        match result {
            Ok(Ok(snapshot)) => {
                self.n_overtaken = 0;
                News::Analysed(Box::new(snapshot))
            }
            Ok(Err(Halt::Stopped(Stopped::Cancelled))) => {
                let is_overtaken = self.is_overtaken(generation);
                self.n_overtaken += 1;
                News::Cancelled(is_overtaken)
            }
            Ok(Err(Halt::Stopped(Stopped::Failed(error)))) => News::Failed(error.to_string()),
            Ok(Err(Halt::NotOpened(reason))) => News::Failed(reason),
            Err(panic) => {
                // Nobody knows what it holds now.
                self.analysis = None;
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&it| it.to_owned()));
                News::Crashed(text.unwrap_or_default())
            }
        }
    }

    fn is_overtaken(&self, generation: u64) -> bool {
        self.control.latest.load(Ordering::SeqCst) != generation
    }

    fn analyse(&mut self, updates: Vec<Update>, generation: u64) -> Result<Snapshot, Halt> {
        // A change that is not told would be lost with a crash; buffers are kept here.
        for update in &updates {
            match update {
                Update::Buffer(path, Some(content)) => {
                    self.buffers.insert(path.clone(), content.clone());
                }
                Update::Buffer(path, None) => {
                    self.buffers.remove(path);
                }
                Update::Settings => self.analysis = None,
                Update::Disk(_) => self.texts = Arc::default(),
            }
        }
        let analysis = match &mut self.analysis {
            Some(analysis) => {
                for update in updates {
                    match update {
                        Update::Buffer(path, content) => {
                            analysis.overlay(&path, content.as_ref().map(|(_, text)| &**text));
                        }
                        Update::Disk(paths) => analysis.on_disk_changed(&paths),
                        Update::Settings => {}
                    }
                }
                analysis
            }
            empty => {
                (self.tell)(News::Stage("walk", None));
                let analysis = empty.insert((self.open)().map_err(Halt::NotOpened)?);
                for (path, (_, text)) in &self.buffers {
                    analysis.overlay(path, Some(text));
                }
                analysis
            }
        };
        let may_be_overtaken = self.n_overtaken < MOST_OVERTAKEN;
        let is_cancelled = || {
            self.control.is_unwanted.load(Ordering::SeqCst)
                || (may_be_overtaken && self.control.latest.load(Ordering::SeqCst) != generation)
        };
        let steps = Steps {
            tell: &*self.tell,
            stage: Mutex::new(Stage::default()),
        };
        let mut snapshot = analysis
            .analyse(&steps, &is_cancelled)
            .map_err(Halt::Stopped)?;
        snapshot.buffers = self.buffers.clone();
        snapshot.texts = self.texts.clone();
        Ok(snapshot)
    }
}

enum Halt {
    NotOpened(String),
    Stopped(Stopped),
}

/// Tells the server how far a run is.
struct Steps<'a> {
    tell: &'a (dyn Fn(News) + Send + Sync),
    stage: Mutex<Stage>,
}

#[derive(Default)]
struct Stage {
    name: &'static str,
    n_done: u64,
    n_steps: Option<u64>,
    told: Option<Instant>,
}

impl Progress for Steps<'_> {
    fn stage(&self, name: &'static str, steps: Option<u64>) {
        let mut stage = self.stage.lock().unwrap_or_else(|error| error.into_inner());
        *stage = Stage {
            name,
            n_done: 0,
            n_steps: steps,
            told: Some(Instant::now()),
        };
        (self.tell)(News::Stage(name, steps.map(|n| (0, n))));
    }

    fn advance(&self, steps: u64) {
        let mut stage = self.stage.lock().unwrap_or_else(|error| error.into_inner());
        stage.n_done += steps;
        let is_due = stage
            .told
            .is_none_or(|told| told.elapsed() >= STEP_INTERVAL);
        if let (true, Some(n)) = (is_due, stage.n_steps) {
            stage.told = Some(Instant::now());
            (self.tell)(News::Stage(stage.name, Some((stage.n_done, n))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;

    use crate::pipeline::check_files;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// What a tree of these tests does: it follows the text that is laid over `a.c`.
    struct Scripted {
        text: String,
        /// Runs that have begun, of all trees together.
        n_runs: Arc<AtomicUsize>,
    }

    impl Analysis for Scripted {
        fn overlay(&mut self, _path: &str, text: Option<&Text>) {
            let bytes = text.map_or(&b""[..], Text::bytes);
            self.text = String::from_utf8_lossy(bytes).into_owned();
        }

        fn on_disk_changed(&mut self, _paths: &[String]) {}

        fn analyse(
            &mut self,
            progress: &dyn Progress,
            is_cancelled: &(dyn Fn() -> bool + Sync),
        ) -> Result<Snapshot, Stopped> {
            self.n_runs.fetch_add(1, Ordering::SeqCst);
            progress.stage("index", Some(2));
            match self.text.as_str() {
                "crash" => panic!("on purpose"),
                "wait" => {
                    let begin = Instant::now();
                    while !is_cancelled() && begin.elapsed() < Duration::from_secs(2) {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
                _ => {}
            }
            if is_cancelled() {
                return Err(Stopped::Cancelled);
            }
            let report = check_files(vec![("a.c".to_owned(), self.text.clone().into_bytes())]);
            Ok(Snapshot::new(Arc::new(report?), Vec::new(), None))
        }
    }

    /// A worker, what it tells, and how many runs have begun.
    fn worker() -> (Worker, mpsc::Receiver<News>, Arc<AtomicUsize>) {
        let (sender, news) = channel();
        let n_runs = Arc::new(AtomicUsize::new(0));
        let counted = n_runs.clone();
        let open: Opener = Box::new(move || {
            Ok(Box::new(Scripted {
                text: String::new(),
                n_runs: counted.clone(),
            }))
        });
        let worker = Worker::start(open, move |one| {
            // A test that has failed hears nothing.
            let _ = sender.send(one);
        });
        (worker, news, n_runs)
    }

    fn typed(revision: u64, text: &str) -> Vec<Update> {
        let text = Arc::new(Text::new(text.as_bytes().to_vec()));
        vec![Update::Buffer("a.c".to_owned(), Some((revision, text)))]
    }

    /// The next news that is no progress.
    fn next(news: &mpsc::Receiver<News>) -> News {
        loop {
            match news.recv_timeout(PATIENCE).expect("there is news") {
                News::Stage(..) => {}
                other => return other,
            }
        }
    }

    #[test]
    fn a_crash_is_told_and_the_next_change_is_analysed() {
        let (worker, news, _) = worker();
        assert!(matches!(next(&news), News::Analysed(_)));
        worker.update(typed(1, "crash"));
        match next(&news) {
            News::Crashed(text) => assert_eq!(text, "on purpose"),
            _ => panic!("it has crashed"),
        }
        worker.update(typed(2, "int a;\n"));
        match next(&news) {
            News::Analysed(snapshot) => assert_eq!(snapshot.buffers["a.c"].0, 2),
            _ => panic!("it has got over it"),
        }
        // The tree was opened again, and knows what editors hold.
        worker.update(Vec::new());
        match next(&news) {
            News::Analysed(snapshot) => {
                assert_eq!(
                    (snapshot.report.sources)("a.c").as_deref(),
                    Some(&b"int a;\n"[..])
                );
            }
            _ => panic!("nothing is wrong"),
        }
    }

    #[test]
    fn what_is_overtaken_is_given_up_but_not_forever() {
        let (worker, news, _) = worker();
        assert!(matches!(next(&news), News::Analysed(_)));
        let has_answer = AtomicBool::new(false);
        let mut n_cancelled = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                for revision in 1.. {
                    if has_answer.load(Ordering::SeqCst) {
                        break;
                    }
                    worker.update(typed(revision, "wait"));
                    thread::sleep(Duration::from_millis(5));
                }
            });
            while let News::Cancelled(is_overtaken) = next(&news) {
                assert!(is_overtaken);
                n_cancelled += 1;
            }
            has_answer.store(true, Ordering::SeqCst);
        });
        assert_eq!(n_cancelled, MOST_OVERTAKEN);
    }

    #[test]
    fn a_run_that_nobody_wants_ends_until_something_changes() {
        let (worker, news, n_runs) = worker();
        assert!(matches!(next(&news), News::Analysed(_)));
        worker.update(typed(1, "wait"));
        while n_runs.load(Ordering::SeqCst) < 2 {
            thread::sleep(Duration::from_millis(1));
        }
        worker.cancel();
        assert!(matches!(next(&news), News::Cancelled(false)));
        worker.update(typed(2, "int a;\n"));
        assert!(matches!(next(&news), News::Analysed(_)));
    }
}
