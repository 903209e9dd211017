// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.export;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a logger says while this is open: {@code LEVEL message: exception}. */
public final class CapturedLog extends Handler implements AutoCloseable {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger logger;

    private CapturedLog(Logger logger) {
        this.logger = logger;
    }

    /** Of this logger, from now on. */
    public static CapturedLog of(String name) {
        Logger logger = Logger.getLogger(name);
        var log = new CapturedLog(logger);
        logger.addHandler(log);
        return log;
    }

    /** So far. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public void publish(LogRecord record) {
        Throwable thrown = record.getThrown();
        lines.add(level(record.getLevel()) + " " + record.getMessage() + (thrown == null ? "" : ": " + thrown));
    }

    private static String level(Level level) {
        return level.equals(Level.WARNING) ? "WARN" : level.equals(Level.SEVERE) ? "ERROR" : level.getName();
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
