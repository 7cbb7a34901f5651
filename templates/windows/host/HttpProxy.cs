using System;
using System.IO;
using System.Net.Sockets;

namespace Culvert
{
    /// <summary>
    /// The HTTP proxy that leads out, from the file "http-proxy" of a tunnel's folder: host,
    /// port, and perhaps user and password, a line each. So these stand in no argv and no
    /// environment.
    /// </summary>
    internal sealed class HttpProxy
    {
        internal readonly string Host;
        internal readonly string Port;
        private readonly string user;
        private readonly string password;

        private HttpProxy(string[] lines)
        {
            Host = lines[0];
            Port = lines[1];
            user = lines.Length > 2 ? lines[2] : "";
            password = lines.Length > 3 ? lines[3] : "";
        }

        internal string Name
        {
            get { return "HTTP proxy " + Host + " port " + Port; }
        }

        /// <summary>
        /// The one of a folder; null: there is none. Throws a NoWayException where the file
        /// cannot be understood.
        /// </summary>
        internal static HttpProxy Read(string folder)
        {
            string file = folder + "/http-proxy";
            try
            {
                if (!File.Exists(file)) return null;
                // User and password are bytes to us.
                string[] lines = File.ReadAllLines(file, Attempt.Latin1);
                if (lines.Length > 1 && lines[1].Length > 0) return new HttpProxy(lines);
            }
            catch (IOException)
            {
                throw new NoWayException(file + " cannot be read");
            }
            catch (UnauthorizedAccessException)
            {
                throw new NoWayException(file + " cannot be read");
            }
            throw new NoWayException(file + " does not name an HTTP proxy");
        }

        /// <summary>
        /// Has it connect to an endpoint. Throws a NoWayException that says why it does not.
        /// </summary>
        internal void Ask(Endpoint endpoint, Socket socket, Func<string> readLine)
        {
            string host = endpoint.Host.Contains(":") ? "[" + endpoint.Host + "]" : endpoint.Host;
            string target = host + ":" + endpoint.Port;
            Send(socket, "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + Login() +
                "\r\n");
            string status = readLine();
            if (!IsAnswer(status, "2")) throw new NoWayException(Name + Refusal(status, endpoint));
            while (readLine().Trim().Length > 0)
            {
                // Its headers, up to the empty line.
            }
        }

        private string Login()
        {
            if (user.Length == 0) return "";
            string login = Convert.ToBase64String(Attempt.Latin1.GetBytes(user + ":" + password));
            return "Proxy-Authorization: Basic " + login + "\r\n";
        }

        private static void Send(Socket socket, string request)
        {
            try
            {
                socket.Send(Attempt.Latin1.GetBytes(request));
            }
            catch (SocketException)
            {
                // There will be no answer either, and that is said.
            }
        }

        private string Refusal(string status, Endpoint endpoint)
        {
            string target = endpoint.Host + " port " + endpoint.Port;
            if (status.Trim().Length == 0) return ": no answer to the request for " + target;
            if (IsAnswer(status, "407"))
            {
                return user.Length == 0
                    ? " asks for a user and a password"
                    : " refused the user or the password";
            }
            if (IsAnswer(status, "403")) return " does not allow connections to " + target;
            if (status.StartsWith("HTTP/", StringComparison.Ordinal))
            {
                return " cannot connect to " + target + " (status " + CodeOf(status) + ")";
            }
            return ": what answers there is not an HTTP proxy";
        }

        /// <summary>Whether a line is "HTTP/1.x" and a code that begins so.</summary>
        private static bool IsAnswer(string status, string code)
        {
            return status.StartsWith("HTTP/1.", StringComparison.Ordinal) &&
                CodeOf(status).StartsWith(code, StringComparison.Ordinal);
        }

        private static string CodeOf(string status)
        {
            string[] words = status.Split(' ');
            return words.Length < 2 ? "" : PlainText.OneLine(words[1], 3);
        }
    }
}
