using System;
using System.Diagnostics;

namespace Culvert
{
    /// <summary>The few things that belong into the event log of Windows.</summary>
    internal sealed class HostEvents
    {
        private readonly string source;

        /// <summary>Events under the name of a service; null: there are none.</summary>
        internal HostEvents(string source)
        {
            this.source = source;
        }

        internal void Started()
        {
            Write(1, EventLogEntryType.Information, "The tunnel host has started.");
        }

        internal void Stopped()
        {
            Write(2, EventLogEntryType.Information, "The tunnel host has stopped.");
        }

        internal void Up(string tunnel)
        {
            Write(3, EventLogEntryType.Information, "Tunnel " + tunnel + " is up.");
        }

        internal void Down(string tunnel, string reason)
        {
            Write(4, EventLogEntryType.Warning, "Tunnel " + tunnel + " is down. " + reason);
        }

        internal void Failed(string reason)
        {
            Write(5, EventLogEntryType.Error, "The tunnel host has failed: " + reason);
        }

        private void Write(int id, EventLogEntryType type, string text)
        {
            if (source == null) return;
            try
            {
                // WriteEntry would make a source that uninstalling has removed.
                if (EventLog.SourceExists(source)) EventLog.WriteEntry(source, text, type, id);
            }
            catch (Exception)
            {
                // A full or forbidden event log is no reason to let go of a tunnel.
            }
        }
    }
}
