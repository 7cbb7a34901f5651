using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.IO;
using System.Linq;
using System.Threading;

namespace Culvert
{
    /// <summary>
    /// All tunnels of a data folder, each on a thread of its own: the trouble of one is none of
    /// the others'.
    /// </summary>
    internal sealed class Supervisor
    {
        /// <summary>How often the folders are looked at.</summary>
        internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

        private readonly Arguments given;
        private readonly CappedLog log;
        private readonly HostEvents events;
        private readonly Dictionary<string, Thread> tunnels = new Dictionary<string, Thread>();
        private string trouble;

        internal Supervisor(Arguments given, CappedLog log, HostEvents events)
        {
            this.given = given;
            this.log = log;
            this.events = events;
        }

        /// <summary>
        /// Holds the tunnels until stop is set, and returns with no ssh left. Throws a
        /// DirectoryNotFoundException where there is no data folder.
        /// </summary>
        internal void Run(WaitHandle stop)
        {
            if (!Directory.Exists(given.Folder))
            {
                throw new DirectoryNotFoundException(
                    given.Folder + " is not there. Run the installer again.");
            }
            log.Write("host: started with " + NameSsh());
            do
            {
                foreach (string folder in FindWanted()) Start(folder, stop);
            }
            while (!stop.WaitOne(LookEvery));
            foreach (Thread tunnel in tunnels.Values) tunnel.Join();
            log.Write("host: stopped");
        }

        private string NameSsh()
        {
            try
            {
                return SshVersion.Of(given.Ssh);
            }
            catch (Win32Exception error)
            {
                return given.Ssh + ", which cannot be run: " + PlainText.OneLine(error.Message);
            }
            catch (TimeoutException error)
            {
                return given.Ssh + ", which cannot be run: " + error.Message;
            }
        }

        private IList<string> FindWanted()
        {
            try
            {
                string[] found = Directory.GetDirectories(given.Folder).Where(Tunnel.IsWanted)
                    .ToArray();
                trouble = null;
                return found;
            }
            catch (SystemException error)
            {
                // Those that run go on; this is said once, and tried again.
                if (error.Message != trouble)
                {
                    log.Write("host: " + PlainText.OneLine(error.Message));
                }
                trouble = error.Message;
                return new string[0];
            }
        }

        private void Start(string folder, WaitHandle stop)
        {
            Thread running;
            if (tunnels.TryGetValue(folder, out running) && running.IsAlive) return;
            var thread = new Thread(new Tunnel(given, folder, log, events, stop).Hold);
            tunnels[folder] = thread;
            thread.Start();
        }
    }
}
