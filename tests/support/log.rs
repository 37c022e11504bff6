//! What the service logs on this thread.

use std::any::Any;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// The lines so far.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The log of this thread, in the form that a function writes.
pub struct Log {
    lines: Lines,
    _kept: Box<dyn Any>,
    _other: Box<dyn Any>,
}

impl Log {
    /// Keeps what is logged from now on, as long as it lives.
    pub fn kept() -> Self {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(LevelFilter::INFO)
            .with_writer(lines.clone())
            .finish();
        // With one subscriber alone, what a thread without it says first counts as unwanted everywhere.
        let other = tracing_subscriber::fmt().with_writer(io::sink).finish();
        let (other, kept) = (other.set_default(), subscriber.set_default());
        Self {
            lines,
            _kept: Box::new(kept),
            _other: Box::new(other),
        }
    }

    /// The lines so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).expect("a log is text")
    }
}
