// SPDX-FileCopyrightText: The spangard authors
// SPDX-License-Identifier: Apache-2.0
package dev.spangard.intake;

/** Makes the telemetry that recorders feed. The composition root has the one there is. */
public interface ServiceProvider {
    /**
     * Returns the service that a new recorder belongs to, made if it is the first one.
     *
     * <p>Called on the peer's thread, by several at once; may block. An exception other than {@link Refusal} refuses
     * the recorder too, with a general sentence.
     *
     * @param hello what it says
     * @param caller what is known
     * @throws Refusal if this recorder cannot be served
     */
    Service join(Hello hello, Caller caller) throws Refusal;

    /**
     * Takes back a service: a recorder that joined is gone, and all it sent has become the service's telemetry. Called
     * on the peer's thread, once for each {@link #join} that returned; a service that everybody left may be closed.
     * Does not throw.
     *
     * @param service as {@link #join} returned it
     * @param caller as it was given to that
     */
    void leave(Service service, Caller caller);

    /** Thrown to turn a recorder away. */
    final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        /**
         * Makes the refusal.
         *
         * @param reason one English sentence; the recorder logs it in the application's process
         */
        public Refusal(String reason) {
            super(reason, null, false, false);
        }
    }
}
