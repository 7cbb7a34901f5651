using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;

namespace Culvert
{
    /// <summary>
    /// Carries one SSH connection to the tunnel server; ssh runs it as ProxyCommand. The file
    /// "endpoints" of a tunnel's folder has a line "HOST PORT" for each way there, the best one
    /// first. Where there is a file "http-proxy", each goes through that HTTP proxy.
    /// </summary>
    internal sealed class Connect
    {
        /// <summary>
        /// Milliseconds. Each endpoint has a head start on the next; after 20 s ssh ends it all
        /// (ConnectTimeout).
        /// </summary>
        private const int HeadStart = 500;

        private const int Patience = 10000;

        private readonly List<Attempt> attempts = new List<Attempt>();
        private readonly BlockingCollection<Attempt> news = new BlockingCollection<Attempt>();
        private int failures;

        /// <summary>
        /// Connects, to one endpoint or (host null) to the first that answers of those in the
        /// folder, and passes on what either side says until one of them ends. Gives the exit
        /// code; each reason why it could not connect goes to standard error.
        /// </summary>
        internal static int Run(string folder, string host, string port)
        {
            ParentProcess.EndWithIt();
            try
            {
                HttpProxy proxy = HttpProxy.Read(folder);
                IList<Endpoint> endpoints = host != null
                    ? new[] { new Endpoint(host, port) }
                    : Endpoint.ReadAll(folder);
                return new Connect().ToFirstOf(endpoints, proxy);
            }
            catch (NoWayException error)
            {
                Explain(error.Message);
                return 1;
            }
        }

        private int ToFirstOf(IList<Endpoint> endpoints, HttpProxy proxy)
        {
            Attempt winner = TryInOrder(endpoints, proxy);
            foreach (Attempt attempt in attempts)
            {
                if (attempt != winner) attempt.Abandon();
            }
            if (winner != null)
            {
                Relay.UntilEitherEnds(winner.Socket, winner.Banner);
                return 0;
            }
            // Each reason once: behind a dead HTTP proxy all have the same.
            foreach (string reason in attempts.Select(ReasonOf).Distinct()) Explain(reason);
            return 1;
        }

        /// <summary>
        /// Sets one off after the other, the next as soon as those before have failed or had
        /// their head start. Gives the first that is answered, if one is.
        /// </summary>
        private Attempt TryInOrder(IList<Endpoint> endpoints, HttpProxy proxy)
        {
            foreach (Endpoint endpoint in endpoints)
            {
                var attempt = new Attempt(endpoint, proxy, news.Add);
                attempts.Add(attempt);
                attempt.Start();
                if (Listen(HeadStart)) return attempts.Find(IsAnswered);
            }
            Stopwatch waited = Stopwatch.StartNew();
            while (failures < attempts.Count && waited.ElapsedMilliseconds < Patience)
            {
                if (Listen(Patience - (int)waited.ElapsedMilliseconds))
                {
                    return attempts.Find(IsAnswered);
                }
            }
            return null;
        }

        /// <summary>Waits for what the attempts have to tell: true when one is answered.</summary>
        private bool Listen(int milliseconds)
        {
            Attempt attempt;
            if (!news.TryTake(out attempt, Math.Max(milliseconds, 0))) return false;
            if (IsAnswered(attempt)) return true;
            failures++;
            return false;
        }

        private static bool IsAnswered(Attempt attempt)
        {
            return attempt.Banner != null;
        }

        private static string ReasonOf(Attempt attempt)
        {
            return attempt.Failure ??
                attempt.Endpoint.Name + ": no answer within " + Patience / 1000 + " seconds";
        }

        private static void Explain(string reason)
        {
            Console.Error.Write("connect: " + reason + "\n");
        }
    }
}
