using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Culvert
{
    /// <summary>A way to the tunnel server.</summary>
    internal sealed class Endpoint
    {
        internal readonly string Host;
        internal readonly string Port;

        internal Endpoint(string host, string port)
        {
            Host = host;
            Port = port;
        }

        internal string Name
        {
            get { return "tunnel server " + Host + " port " + Port; }
        }

        /// <summary>
        /// Those in the file "endpoints" of a tunnel's folder, the best one first. Throws a
        /// NoWayException where there are none.
        /// </summary>
        internal static IList<Endpoint> ReadAll(string folder)
        {
            string file = folder + "/endpoints";
            try
            {
                var endpoints = File.ReadLines(file).Select(Words).Where(words => words.Length == 2)
                    .Select(words => new Endpoint(words[0], words[1])).ToList();
                if (endpoints.Count > 0) return endpoints;
            }
            catch (IOException)
            {
                throw new NoWayException(file + " cannot be read");
            }
            catch (UnauthorizedAccessException)
            {
                throw new NoWayException(file + " cannot be read");
            }
            throw new NoWayException(file + " names no tunnel server");
        }

        private static string[] Words(string line)
        {
            return line.Split((char[])null, StringSplitOptions.RemoveEmptyEntries);
        }
    }
}
