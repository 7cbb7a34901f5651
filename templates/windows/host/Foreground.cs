using System;
using System.IO;
using System.Threading;

namespace Culvert
{
    /// <summary>The host in the foreground, for whoever wants to watch it.</summary>
    internal static class Foreground
    {
        /// <summary>Runs until Ctrl-C or the end of standard input; gives the exit code.</summary>
        internal static int Run(Arguments given)
        {
            var stop = new ManualResetEvent(false);
            Console.CancelKeyPress += delegate(object sender, ConsoleCancelEventArgs pressed)
            {
                pressed.Cancel = true;
                stop.Set();
            };
            var input = new Thread(delegate()
            {
                Console.OpenStandardInput().CopyTo(Stream.Null);
                stop.Set();
            });
            input.IsBackground = true;
            input.Start();
            try
            {
                Job.Join();
                var log = new CappedLog(given.Folder, Console.Out);
                new Supervisor(given, log, new HostEvents(null)).Run(stop);
                return 0;
            }
            catch (Exception error)
            {
                Console.Error.WriteLine("error: " + error.Message);
                return 1;
            }
        }
    }
}
