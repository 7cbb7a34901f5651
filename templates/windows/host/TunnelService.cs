using System;
using System.ServiceProcess;
using System.Threading;

namespace Culvert
{
    /// <summary>The host as a Windows service.</summary>
    internal sealed class TunnelService : ServiceBase
    {
        /// <summary>Windows waits 20 s for a service before it shuts down.</summary>
        private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(15);

        private readonly Arguments given;
        private readonly HostEvents events;
        private readonly ManualResetEvent stop = new ManualResetEvent(false);
        private readonly Thread work;

        internal TunnelService(Arguments given)
        {
            this.given = given;
            events = new HostEvents(given.Service);
            work = new Thread(Work);
            ServiceName = given.Service;
            CanShutdown = true;
            // Its own entries would bring back an event source that was removed.
            AutoLog = false;
        }

        protected override void OnStart(string[] words)
        {
            work.Start();
        }

        protected override void OnStop()
        {
            stop.Set();
            work.Join(StopWithin);
        }

        protected override void OnShutdown()
        {
            OnStop();
        }

        private void Work()
        {
            var log = new CappedLog(given.Folder, null);
            try
            {
                Job.Join();
                events.Started();
                new Supervisor(given, log, events).Run(stop);
                events.Stopped();
            }
            catch (Exception error)
            {
                log.Write("host: failed: " + PlainText.OneLine(error.ToString(), 2000));
                events.Failed(error.Message);
                // Without a word to the service control manager: only then does it start us again.
                Environment.Exit(1);
            }
        }
    }
}
