using System;
using System.ServiceProcess;

namespace Culvert
{
    /// <summary>
    /// Holds the tunnels of one vendor on a Windows proxy: it runs ssh for each, and again when
    /// that ends. Made by Culvert; compiled on the proxy itself, from sources that can be read.
    /// </summary>
    internal static class TunnelHost
    {
        private const string Usage =
            "usage: TunnelHost --service NAME --data FOLDER --ssh PATH\n" +
            "           as a Windows service: the tunnels of FOLDER, by the ssh at PATH\n" +
            "       TunnelHost --console --data FOLDER --ssh PATH [--second MILLISECONDS]\n" +
            "           the same here, until Ctrl-C or the end of standard input;\n" +
            "           --second: how long a second of the pauses lasts\n" +
            "       TunnelHost --probe --data FOLDER --ssh PATH\n" +
            "           says what it would run, and whether that ssh runs at all\n" +
            "       TunnelHost --connect FOLDER [HOST PORT]\n" +
            "           carries one SSH connection to the tunnel server, for ssh itself\n";

        private static void Main(string[] words)
        {
            // Waits for no thread: one may be stuck in a read that nobody answers any more.
            Environment.Exit(Run(words));
        }

        private static int Run(string[] words)
        {
            Arguments given = Arguments.Read(words);
            if (given == null)
            {
                Console.Error.Write(Usage);
                return 2;
            }
            switch (given.Mode)
            {
                case "--connect":
                    return Connect.Run(given.Folder, given.Host, given.Port);
                case "--probe":
                    return Probe.Run(given);
                case "--console":
                    return Foreground.Run(given);
                default:
                    ServiceBase.Run(new TunnelService(given));
                    return 0;
            }
        }
    }
}
