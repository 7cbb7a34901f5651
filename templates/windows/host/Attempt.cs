using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace Culvert
{
    /// <summary>An attempt at one endpoint, on a thread of its own.</summary>
    internal sealed class Attempt
    {
        /// <summary>Milliseconds of silence after which nobody is taken to be there.</summary>
        private const int AnswerWithin = 9000;

        /// <summary>SSH allows its first line 255 characters (RFC 4253, 4.2).</summary>
        private const int LongestLine = 255;

        internal readonly Endpoint Endpoint;

        /// <summary>What the SSH server said first, to its line's end; null until then.</summary>
        internal byte[] Banner { get; private set; }

        /// <summary>Why it failed; null until then.</summary>
        internal string Failure { get; private set; }

        internal Socket Socket { get; private set; }

        private readonly HttpProxy proxy;
        private readonly Action<Attempt> onEnd;
        private bool isAbandoned;

        /// <summary>onEnd hears of it once it is answered or has failed.</summary>
        internal Attempt(Endpoint endpoint, HttpProxy proxy, Action<Attempt> onEnd)
        {
            Endpoint = endpoint;
            this.proxy = proxy;
            this.onEnd = onEnd;
        }

        internal void Start()
        {
            var thread = new Thread(Run);
            thread.IsBackground = true;
            thread.Start();
        }

        /// <summary>Ends it, whatever it is doing.</summary>
        internal void Abandon()
        {
            lock (this)
            {
                isAbandoned = true;
                if (Socket != null) Socket.Close();
            }
        }

        private void Run()
        {
            try
            {
                Banner = ReadBanner();
            }
            catch (NoWayException error)
            {
                Failure = error.Message;
            }
            catch (ObjectDisposedException)
            {
                Failure = "given up";
            }
            onEnd(this);
        }

        private byte[] ReadBanner()
        {
            string through = "";
            if (proxy == null)
            {
                Dial(Endpoint.Host, Endpoint.Port, Endpoint.Name);
            }
            else
            {
                Dial(proxy.Host, proxy.Port, proxy.Name);
                proxy.Ask(Endpoint, Socket, ReadLine);
                through = " through " + proxy.Host;
            }
            string banner = ReadLine();
            if (!banner.StartsWith("SSH-", StringComparison.Ordinal))
            {
                throw new NoWayException(Endpoint.Name + through + ": no SSH server answers there");
            }
            Socket.ReceiveTimeout = 0;
            return Latin1.GetBytes(banner);
        }

        /// <summary>A connection to the first of a host's addresses that takes one.</summary>
        private void Dial(string host, string port, string name)
        {
            SocketError error = SocketError.HostNotFound;
            int number;
            if (!int.TryParse(port, out number) || number < 1 || number > IPEndPoint.MaxPort)
            {
                throw new NoWayException(name + ": no answer");
            }
            try
            {
                foreach (IPAddress address in Dns.GetHostAddresses(host))
                {
                    error = TryDial(new IPEndPoint(address, number));
                    if (error == SocketError.Success) return;
                }
            }
            catch (SocketException unknown)
            {
                error = unknown.SocketErrorCode;
            }
            throw new NoWayException(name + ": " + InPlainWords(error));
        }

        private SocketError TryDial(IPEndPoint address)
        {
            try
            {
                Open(address.AddressFamily);
                Socket.Connect(address);
                return SocketError.Success;
            }
            catch (SocketException refused)
            {
                return refused.SocketErrorCode;
            }
        }

        private void Open(AddressFamily family)
        {
            var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
            lock (this)
            {
                if (Socket != null) Socket.Close();
                Socket = socket;
                if (isAbandoned) socket.Close();
            }
            socket.NoDelay = true;
            socket.ReceiveTimeout = AnswerWithin;
        }

        private static string InPlainWords(SocketError error)
        {
            switch (error)
            {
                case SocketError.ConnectionRefused:
                    return "the connection is refused";
                case SocketError.HostNotFound:
                case SocketError.NoData:
                case SocketError.NoRecovery:
                case SocketError.TryAgain:
                    return "its name does not resolve";
                case SocketError.HostUnreachable:
                case SocketError.NetworkUnreachable:
                    return "there is no route to it";
                default:
                    return "no answer";
            }
        }

        /// <summary>
        /// A line with its end, or what came of it; byte by byte, for what follows is ssh's.
        /// </summary>
        private string ReadLine()
        {
            var line = new StringBuilder();
            var next = new byte[1];
            try
            {
                while (line.Length < LongestLine && Socket.Receive(next) == 1)
                {
                    line.Append((char)next[0]);
                    if (next[0] == '\n') break;
                }
            }
            catch (SocketException)
            {
                // Too late, or reset: what has come says enough.
            }
            return line.ToString();
        }

        /// <summary>In which every byte is one character.</summary>
        internal static readonly Encoding Latin1 = Encoding.GetEncoding(28591);
    }
}
