//! Captures the log of this thread.

use std::any::Any;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

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

/// The log of this thread, in the format of the functions.
pub struct Log {
    lines: Lines,
    _kept: Box<dyn Any>,
    _other: Box<dyn Any>,
}

impl Log {
    /// Captures the log from now on until dropped.
    pub fn kept() -> Self {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(LevelFilter::INFO)
            .with_writer(lines.clone())
            .finish();
        // With a single subscriber `tracing` would cache a callsite as disabled when a thread without it reaches that
        // callsite first.
        let other = tracing_subscriber::fmt().with_writer(io::sink).finish();
        let (other, kept) = (other.set_default(), subscriber.set_default());
        Self {
            lines,
            _kept: Box::new(kept),
            _other: Box::new(other),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).expect("a log is text")
    }
}
