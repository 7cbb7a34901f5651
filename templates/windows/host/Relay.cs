using System;
using System.IO;
using System.Net.Sockets;
using System.Threading;

namespace Culvert
{
    /// <summary>Passes bytes on between ssh, at standard input and output, and a server.</summary>
    internal static class Relay
    {
        private const int BufferBytes = 64 * 1024;

        /// <summary>
        /// Both directions, until either ends. ssh first hears what the server has already said.
        /// </summary>
        internal static void UntilEitherEnds(Socket server, byte[] alreadySaid)
        {
            // Not a FileStream: that would want handles that can be waited for.
            Stream input = Console.OpenStandardInput();
            Stream output = Console.OpenStandardOutput();
            var network = new NetworkStream(server);
            var over = new ManualResetEvent(false);
            Pass(input, network, new byte[0], over);
            Pass(network, output, alreadySaid, over);
            over.WaitOne();
        }

        private static void Pass(Stream from, Stream to, byte[] first, EventWaitHandle over)
        {
            var thread = new Thread(delegate()
            {
                try
                {
                    to.Write(first, 0, first.Length);
                    to.Flush();
                    Pass(from, to);
                }
                catch (IOException)
                {
                    // One of them has hung up, the rougher way.
                }
                over.Set();
            });
            thread.IsBackground = true;
            thread.Start();
        }

        private static void Pass(Stream from, Stream to)
        {
            var buffer = new byte[BufferBytes];
            for (int count = from.Read(buffer, 0, buffer.Length); count > 0;
                count = from.Read(buffer, 0, buffer.Length))
            {
                to.Write(buffer, 0, count);
                to.Flush();
            }
        }
    }
}
